#include "core/btf/load.h"

#include <fmt/format.h>

#include <string_view>

#include "core/elf/sections.h"

namespace btfbatch {

namespace {

// The kernel itself takes no name of more than 511 bytes (KSYM_NAME_LEN). Comparing names may so be
// counted as one step, however hostile the file.
constexpr std::size_t kMaxName = 1024;  // bytes

// Looks only at every kMaxName-th byte and the few before it: from a NUL, the next one must come
// within that distance.
bool names_are_short(const BtfView& btf) {
  const char* strings = btf.string(0);
  std::size_t end = 0;  // of some string
  while (btf.string_size() - end > kMaxName + 1) {
    const std::string_view next(strings + end + 1, kMaxName + 1);
    const auto last = next.rfind('\0');
    if (last == next.npos) return false;
    end += last + 1;
  }
  return true;
}

Result<BtfView> open_kernel_btf(std::span<const std::byte> bytes) {
  auto view = BtfView::open(bytes);
  if (!view) return view;
  if (auto checked = check_kernel_names(*view); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  return view;
}

}  // namespace

Result<void> check_kernel_names(const BtfView& btf) {
  if (!names_are_short(btf)) {
    return fail(fmt::format("string section: a name is longer than {} bytes", kMaxName));
  }
  return {};
}

Result<BtfView> load_kernel_btf(std::span<const std::byte> bytes) {
  if (!has_elf_magic(bytes)) return open_kernel_btf(bytes);
  const auto elf = read_elf(bytes);
  if (!elf) return std::unexpected(elf.error());
  const ElfSection* section = elf->find(".BTF");
  if (section == nullptr) {
    return fail("ELF: no .BTF section (a kernel built without CONFIG_DEBUG_INFO_BTF?)");
  }
  auto view = open_kernel_btf(section->bytes);
  if (!view) return fail_within(".BTF", std::move(view).error());
  return view;
}

bool looks_like_kernel_btf(std::span<const std::byte> bytes) {
  return has_btf_magic(bytes) || has_elf_magic(bytes);
}

}  // namespace btfbatch
