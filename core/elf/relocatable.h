// Writes small ELF files that hold data: to be linked into a program, or to be read as a kernel's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace btfbatch {

// Machines that files can be written for.
enum class ElfMachine : std::uint8_t { kX86_64, kArm64 };

// By `uname -m` or another of its spellings ("aarch64", "arm64", "amd64"). Thread-safe.
[[nodiscard]] std::optional<ElfMachine> elf_machine_of(std::string_view arch);

// The one that this program was built for; nothing where it is none of them.
[[nodiscard]] std::optional<ElfMachine> own_elf_machine();

// A section of read-only data.
struct DataSection {
  std::string name;                  // ".rodata", ".BTF"
  std::span<const std::byte> bytes;  // borrowed for the time of the call
  std::uint64_t alignment = 1;       // a power of two
  bool is_loaded = true;             // into the memory of the program that it is linked into
};

// A global data object in one of the sections.
struct DataSymbol {
  std::string name;
  std::size_t section = 0;   // index into the sections
  std::uint64_t offset = 0;  // bytes
  std::uint64_t size = 0;    // bytes
};

// A 64-bit little-endian ELF file of type ET_REL with these sections, in this order, a symbol table
// where there are symbols, and a note that it needs no executable stack. The same arguments give
// the same bytes with the same version of libelf. Fails where libelf does. Thread-safe.
[[nodiscard]] Result<std::vector<std::byte>> write_relocatable(
    ElfMachine machine, std::span<const DataSection> sections, std::span<const DataSymbol> symbols);

}  // namespace btfbatch
