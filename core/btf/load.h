// The BTF of a kernel, in whichever form it comes.
#pragma once

#include <cstddef>
#include <span>

#include "core/btf/view.h"
#include "core/error.h"

namespace btfbatch {

// Opens raw BTF, or the .BTF section of an ELF file (a vmlinux). `bytes` are borrowed and must
// outlive the view. Fails as BtfView::open does, and where a name is longer than 1024 bytes, twice
// what a kernel takes. Thread-safe.
[[nodiscard]] Result<BtfView> load_kernel_btf(std::span<const std::byte> bytes);

// What load_kernel_btf looks at beyond what opening does: fails where a name is too long.
[[nodiscard]] Result<void> check_kernel_names(const BtfView& btf);

// Whether load_kernel_btf would try: `bytes` begin with the magic of BTF or of ELF. A look at the
// first 4 bytes, for telling a kernel from a README beside it.
[[nodiscard]] bool looks_like_kernel_btf(std::span<const std::byte> bytes);

}  // namespace btfbatch
