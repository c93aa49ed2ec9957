// Which machines is an object for?
//
// An eBPF object itself does not say: its ELF header says "eBPF", and most of what it asks is there
// on every machine. But the program that embeds it runs on one kind of machine alone; and a program
// that reads registers names those of one. On kernels for other machines such an object is never
// loaded, and what it would not find there tells nobody anything.
//
// Architectures are named as canonical_arch() names them; empty stands for "not known, or any".
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "core/kernel_identity.h"
#include "core/object/object.h"

namespace btfbatch {

// The architecture of an executable by its ELF header; empty where the file is none, or for a
// machine that runs on kernels of several architectures (32-bit ones). Thread-safe.
[[nodiscard]] std::string_view architecture_of_executable(std::span<const std::byte> file);

// The architecture whose registers an object's relocations read (of struct pt_regs and those that
// stand in for it), where the object's own type lists registers that no other architecture has.
// Empty where it reads none, or those of several. Thread-safe.
[[nodiscard]] std::string_view architecture_of_registers(const Object& object);

// Whether a kernel is known to be for other machines than an object of this architecture.
// Thread-safe.
[[nodiscard]] bool is_of_other_architecture(std::string_view object_architecture,
                                            const KernelIdentity& kernel);

}  // namespace btfbatch
