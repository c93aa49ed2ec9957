// What must hold before libbpf may see an object.
#pragma once

#include "core/btf/view.h"
#include "core/elf/sections.h"
#include "core/error.h"

namespace btfbatch {

// libbpf is made for objects that one trusts: some of what it reads in an ELF file it uses
// unchecked, and a file made for it can crash the process or keep it busy forever. Says what in the
// object would, or nothing where it may be opened; no compiler makes such an object. Thread-safe.
[[nodiscard]] Result<void> check_for_libbpf(const ElfFile& elf, const BtfView& btf);

}  // namespace btfbatch
