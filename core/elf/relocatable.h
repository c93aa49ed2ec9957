// Writes small ELF files that hold data: to be linked into a program, or to be read as a kernel's.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace btfbatch {

// Machines that files can be written for: those whose kernels Debian builds with BTF.
enum class ElfMachine : std::uint8_t { kX86_64, kI386, kArm64, kArm, kPpc64le, kRiscv64, kS390x };

// A name by which a machine is asked for.
struct ElfMachineName {
  std::string_view name;  // as `uname -m` spells it, or Debian, or the archive
  ElfMachine machine = ElfMachine::kX86_64;
};
// All of them, the first of each machine being the usual one. Lives for ever.
[[nodiscard]] std::span<const ElfMachineName> elf_machine_names();
[[nodiscard]] std::string_view elf_machine_name(ElfMachine machine);  // the usual one

// The one that this program was built for; nothing where it is none of them.
[[nodiscard]] std::optional<ElfMachine> own_elf_machine();

[[nodiscard]] bool is_big_endian(ElfMachine machine);

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

// An ELF file of type ET_REL, in the machine's class and, unless another is asked for, byte order,
// with these sections, in this order, a symbol table (empty where there are no symbols: cilium/ebpf
// reads no file without one), and a note that it needs no executable stack. The same arguments give
// the same bytes with the same version of libelf. Fails where libelf does. Thread-safe.
[[nodiscard]] Result<std::vector<std::byte>> write_relocatable(
    ElfMachine machine, std::span<const DataSection> sections, std::span<const DataSymbol> symbols,
    std::optional<std::endian> byte_order = std::nullopt);

}  // namespace btfbatch
