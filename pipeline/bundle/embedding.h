// A .btfs in the forms that a C program links or includes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/elf/relocatable.h"
#include "core/error.h"

namespace btfbatch {

// An ELF relocatable with the stored .btfs in .rodata, at a multiple of 8, as
//
//   btfbatch_btfs       its bytes
//   btfbatch_btfs_size  their number, a uint64_t of the machine
//
// Both are hidden symbols: seen all over the program or shared library that the file is linked
// into, and nowhere else. Thread-safe.
[[nodiscard]] Result<std::vector<std::byte>> embedding_object(ElfMachine machine,
                                                              std::span<const std::byte> btfs);

// A C header (C99, C++ as well) that declares these two, for use with that object. Thread-safe.
[[nodiscard]] std::string embedding_header();

// One that holds the bytes itself, under the same names; to be included by one source file.
// Thread-safe.
[[nodiscard]] std::string embedding_header_with_bytes(std::span<const std::byte> btfs);

}  // namespace btfbatch
