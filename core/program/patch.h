// What a loader writes into an object's instructions, and into which.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/object/object.h"
#include "core/program/code.h"

namespace btfbatch {

// What a loader makes of the instruction of one relocation.
struct Patch {
  enum class Kind : std::uint8_t {
    kUnknown,   // a number that is not looked at, such as an offset
    kNumber,    // the number `value`
    kDistance,  // that of a field in its struct, followed under the relocation's number, `value`
    kPoisoned,  // an instruction that the verifier refuses, if it comes there
  };
  Kind kind = Kind::kUnknown;
  std::uint64_t value = 0;

  auto operator<=>(const Patch&) const = default;
};

// Which instructions an object's relocations patch. Immutable once made; thread-safe.
class PatchedPlaces {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  // Both are borrowed for the time of the call.
  PatchedPlaces(const ObjectCode& code, std::span<const Relocation> relocations);

  // Index of the relocation that patches an instruction, by the section's index.
  [[nodiscard]] std::uint32_t relocation_at(std::uint32_t section, std::uint32_t instruction) const;

 private:
  std::vector<std::vector<std::uint32_t>> sections_;  // empty for those without relocations
};

}  // namespace btfbatch
