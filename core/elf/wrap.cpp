#include "core/elf/wrap.h"

#include <bit>

#include "core/btf/view.h"
#include "core/elf/sections.h"

namespace btfbatch {

Result<std::vector<std::byte>> wrap_btf(std::span<const std::byte> btf,
                                        std::optional<ElfMachine> machine) {
  if (has_elf_magic(btf)) {
    return fail("is an ELF file already");
  }
  if (has_btf_magic(btf) && is_split_btf(btf)) {
    return fail("is the BTF of a module (split BTF), which no loader takes for that of a kernel");
  }
  const Result<BtfView> view = BtfView::open(btf);
  if (!view) {
    return fail_within("not a valid BTF", view.error());
  }
  // cilium/ebpf takes the BTF's byte order from the file's header.
  const auto byte_order = view->was_big_endian() ? std::endian::big : std::endian::little;
  if (!machine) {
    machine = view->was_big_endian() ? ElfMachine::kS390x
                                     : own_elf_machine().value_or(ElfMachine::kX86_64);
  }
  constexpr std::uint64_t kAlignment = 4;  // as the BTF's words have
  const DataSection sections[] = {
      {.name = ".BTF", .bytes = btf, .alignment = kAlignment, .is_loaded = false}};
  return write_relocatable(*machine, sections, {}, byte_order);
}

}  // namespace btfbatch
