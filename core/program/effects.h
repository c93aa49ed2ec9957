// What one instruction does to what is known of registers and stack. Where it goes from there, and
// into which functions, is walk.h's.
//
// `patch`: what a loader writes into the instruction; nullptr: nothing. Those that answer with a
// bool answer false for a register that there is not: the verifier refuses the program.
#pragma once

#include <cstdint>

#include "core/program/code.h"
#include "core/program/patch.h"
#include "core/program/state.h"

namespace btfbatch::effect {

// The constant in an instruction, as a jump or an arithmetic instruction takes it.
[[nodiscard]] KnownValue immediate_of(const Instruction& instruction);

[[nodiscard]] bool load(const Instruction& instruction, const Patch* patch, KnownState& state);
[[nodiscard]] bool store(const Instruction& instruction, const Patch* patch, KnownState& state);
[[nodiscard]] bool compute(const Instruction& instruction, const Patch* patch, KnownState& state);

// A helper or kernel function forgets what it may write; arguments and result are the caller's.
void forget_what_is_written(const Instruction& call, KnownState& state);

// r1 to r5, which no call preserves.
void forget_arguments(KnownState& state);

}  // namespace btfbatch::effect
