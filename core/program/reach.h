// Which poisoned instructions does a program come to, once a kernel's answers are put in?
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

// How a kernel verifies the global functions of a program.
enum class GlobalFunctions : std::uint8_t {
  kAlways,      // each that the program has a call to, even where it never comes to the call
  kWhenCalled,  // Linux 6.8 and later: only those that it comes to
};

struct Reach {
  std::vector<std::uint32_t>
      poisoned;  // relocations whose poisoned instructions are reached; sorted
  // Whether all branches could be followed. If not, more may be reached.
  bool complete = true;
};

// Follows a program from its function `entry` through all branches that can be taken, into the
// functions that it calls. `patches`: by relocation. Bounded in time and memory whatever the code.
// Thread-safe. See the source file for what is known of registers and stack.
[[nodiscard]] Reach follow(const ObjectCode& code, std::uint32_t entry, const PatchedPlaces& places,
                           std::span<const Patch> patches, GlobalFunctions globals);

}  // namespace btfbatch
