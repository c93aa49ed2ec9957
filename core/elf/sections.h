// The sections of an ELF file, found with libelf.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"

namespace btfbatch {

inline constexpr std::uint16_t kMachineBpf = 247;  // EM_BPF

struct ElfSection {
  std::string name;                  // cut where it is longer than 255 bytes
  std::span<const std::byte> bytes;  // borrowed from the file; empty for SHT_NOBITS
  std::uint32_t type = 0;            // SHT_PROGBITS, …
  std::uint64_t size = 0;            // bytes in memory: other than bytes.size() for SHT_NOBITS
  // Index of another section, by type: of SHT_SYMTAB its string table; of SHT_REL, as `info`, the
  // section that its relocations are for. Not checked.
  std::uint32_t link = 0;
  std::uint32_t info = 0;
};

struct ElfFile {
  std::uint16_t machine = 0;
  bool big_endian = false;
  std::vector<ElfSection> sections;  // the first is the one with index 1

  // The first section of that name, or nullptr.
  [[nodiscard]] const ElfSection* find(std::string_view name) const;
};

[[nodiscard]] bool has_elf_magic(std::span<const std::byte> bytes);

// Reads the section headers of an ELF file of either class and byte order. `bytes` are borrowed and
// must outlive the result. Fails where a header or a section lies outside of the file. Thread-safe.
[[nodiscard]] Result<ElfFile> read_elf(std::span<const std::byte> bytes);

}  // namespace btfbatch
