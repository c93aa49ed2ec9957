// What is known to go wrong, in libbpf 1.1:
//
// - bpf_object__init_prog copies the instructions of a program from where its symbol says; value
//   plus size may wrap around, and then lie anywhere in memory.
// - skip_mods_and_typedefs follows typedefs for as long as there are any: a circle has no end.
// - bpf_object__init_struct_ops_maps copies as many bytes as a variable's type is large; offset
// plus
//   size may wrap around at 32 bits.
#include "core/object/libbpf_guard.h"

#include <elf.h>
#include <fmt/format.h>

#include <limits>

#include "core/bytes/reader.h"
#include "core/relocation/types.h"

namespace btfbatch {
namespace {

// Every symbol of a section lies within it, so that no sum of its numbers wraps around.
Result<void> check_symbols(const ElfFile& elf, const ElfSection& table) {
  const ByteReader reader(table.bytes, elf.big_endian);
  for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= table.bytes.size();
       at += sizeof(Elf64_Sym)) {
    const std::uint16_t index =
        reader.read<std::uint16_t>(at + offsetof(Elf64_Sym, st_shndx)).value();
    if (index == SHN_UNDEF || index >= SHN_LORESERVE) continue;
    const std::uint64_t value =
        reader.read<std::uint64_t>(at + offsetof(Elf64_Sym, st_value)).value();
    const std::uint64_t size =
        reader.read<std::uint64_t>(at + offsetof(Elf64_Sym, st_size)).value();
    const std::uint64_t available = index <= elf.sections.size() ? elf.sections[index - 1].size : 0;
    if (value > available || size > available - value) {
      return fail(
          fmt::format("symbol #{} does not lie within its section", at / sizeof(Elf64_Sym)));
    }
  }
  return {};
}

}  // namespace

Result<void> check_for_libbpf(const ElfFile& elf, const BtfView& btf) {
  static constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int32_t>::max();
  for (const ElfSection& section : elf.sections) {
    if (section.size > kMaxSize) {
      return fail(fmt::format("section {} is larger than 2 GiB", section.name));
    }
    if (section.type != SHT_SYMTAB) continue;
    if (auto checked = check_symbols(elf, section); !checked) return checked;
  }
  for (std::uint32_t id = 1; id < btf.type_count(); ++id) {
    if (!skip_modifiers_and_typedefs(btf, id)) {
      return fail(fmt::format("type ID {}: its typedefs lead nowhere", id));
    }
    const btf::Type& t = btf.type(id);
    if (is_composite(t.kind()) && t.size_or_type > kMaxSize) {
      return fail(fmt::format("type ID {}: is larger than 2 GiB", id));
    }
  }
  return {};
}

}  // namespace btfbatch
