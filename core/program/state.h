// What is known of registers and stack at one place of a program.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/program/code.h"

namespace btfbatch {

// What is known of one register or place on the stack. From little to much: anything at all;
// anything but a pointer into this function's own stack frame; one number, or one place in the
// frame. And where relocations are followed (Patch::Kind::kDistance): what comes from one of them.
struct KnownValue {
  enum class Kind : std::uint8_t {
    kAnything,
    kNoFrame,
    kNumber,
    kFrame,
    kDistance,  // of the relocation's field in its struct
    kField,     // the field's address; it may be in the frame
    kLoaded,    // the 8 bytes that were read there: no pointer into the frame, of a kernel's struct
  };
  Kind kind = Kind::kNoFrame;
  // Or the distance from the frame pointer, for kFrame; or the relocation.
  std::uint64_t number = 0;

  [[nodiscard]] static constexpr KnownValue anything() { return {Kind::kAnything, 0}; }
  [[nodiscard]] static constexpr KnownValue no_frame() { return {Kind::kNoFrame, 0}; }
  [[nodiscard]] static constexpr KnownValue constant(std::uint64_t number) {
    return {Kind::kNumber, number};
  }
  [[nodiscard]] static constexpr KnownValue frame(std::int64_t distance) {
    return {Kind::kFrame, static_cast<std::uint64_t>(distance)};
  }
  [[nodiscard]] static constexpr KnownValue distance(std::uint64_t relocation) {
    return {Kind::kDistance, relocation};
  }
  [[nodiscard]] static constexpr KnownValue field(std::uint64_t relocation) {
    return {Kind::kField, relocation};
  }
  [[nodiscard]] static constexpr KnownValue loaded(std::uint64_t relocation) {
    return {Kind::kLoaded, relocation};
  }

  [[nodiscard]] bool is_number() const { return kind == Kind::kNumber; }
  [[nodiscard]] bool is_frame() const { return kind == Kind::kFrame; }
  [[nodiscard]] bool is_distance() const { return kind == Kind::kDistance; }
  [[nodiscard]] bool is_field() const { return kind == Kind::kField; }
  [[nodiscard]] bool is_loaded() const { return kind == Kind::kLoaded; }
  [[nodiscard]] bool may_be_frame() const {
    return kind == Kind::kFrame || kind == Kind::kAnything || kind == Kind::kField;
  }
  // Whether all that `other` may be, this may be too.
  [[nodiscard]] bool covers(const KnownValue& other) const;
  // What is still known where it may be either.
  [[nodiscard]] KnownValue joined_with(const KnownValue& other) const;

  bool operator==(const KnownValue&) const = default;
};

inline constexpr std::size_t kRegisterCount = 11;
inline constexpr std::size_t kFrameRegister = 10;

// Registers and stack of one function at one place.
class KnownState {
 public:
  // At a function's begin: of its arguments, r1 to r5, what is given.
  explicit KnownState(const std::array<KnownValue, 5>& arguments);

  std::array<KnownValue, kRegisterCount> registers;

  // `distance`: bytes from the frame pointer. `size`: 1, 2, 4 or 8. What lies outside of all that
  // the verifier grants is not remembered.
  void store(std::int64_t distance, std::uint32_t size, const KnownValue& value);
  [[nodiscard]] KnownValue load(std::int64_t distance, std::uint32_t size) const;
  // Forgets what lies from one distance up to, not including, another.
  void forget_stack(std::int64_t from, std::int64_t to);
  void forget_stack() { stack_.clear(); }
  // How many places on the stack something is known of.
  [[nodiscard]] std::size_t stack_size() const { return stack_.size(); }

  [[nodiscard]] bool covers(const KnownState& other) const;
  [[nodiscard]] KnownState joined_with(const KnownState& other) const;

 private:
  // Only what is known of is kept, sorted by distance; no two overlap.
  struct Slot {
    std::int64_t distance;
    std::uint32_t size;
    KnownValue value;
  };
  [[nodiscard]] const Slot* find(std::int64_t distance, std::uint32_t size) const;

  std::vector<Slot> stack_;
};

// The result of an arithmetic instruction on `left` (the destination) and `right`. `is_32`: in 32
// bits, zero-extended.
[[nodiscard]] KnownValue calculate(std::uint8_t operation, bool is_32, const KnownValue& left,
                                   const KnownValue& right);

// Whether a conditional jump is taken; nothing where that is not known.
[[nodiscard]] std::optional<bool> is_taken(std::uint8_t operation, bool is_32,
                                           const KnownValue& left, const KnownValue& right);

}  // namespace btfbatch
