// Which poisoned instructions does a program come to, once a kernel's answers are put in?
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/program/code.h"
#include "core/program/patch.h"

namespace btfbatch {

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
// Thread-safe. See walk.cpp for what is known of registers and stack.
[[nodiscard]] Reach follow(const ObjectCode& code, std::uint32_t entry, const PatchedPlaces& places,
                           std::span<const Patch> patches, GlobalFunctions globals);

}  // namespace btfbatch
