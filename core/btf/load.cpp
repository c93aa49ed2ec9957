#include "core/btf/load.h"

#include "core/elf/sections.h"

namespace btfbatch {

Result<BtfView> load_kernel_btf(std::span<const std::byte> bytes) {
  if (!has_elf_magic(bytes)) return BtfView::open(bytes);
  const auto elf = read_elf(bytes);
  if (!elf) return std::unexpected(elf.error());
  const ElfSection* section = elf->find(".BTF");
  if (section == nullptr) {
    return fail("ELF: no .BTF section (a kernel built without CONFIG_DEBUG_INFO_BTF?)");
  }
  auto view = BtfView::open(section->bytes);
  if (!view) return fail_within(".BTF", std::move(view).error());
  return view;
}

bool looks_like_kernel_btf(std::span<const std::byte> bytes) {
  return has_btf_magic(bytes) || has_elf_magic(bytes);
}

}  // namespace btfbatch
