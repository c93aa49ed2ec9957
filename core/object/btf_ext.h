// .BTF.ext, the section that holds an object's CO-RE relocations.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/btf/view.h"
#include "core/error.h"
#include "core/object/object.h"

namespace btfbatch {

// Reads the CO-RE relocations of a .BTF.ext section of either byte order, in the order of the
// section; none where it is older than CO-RE. `btf` is the same object's .BTF. Every type ID,
// string and kind in the result has been checked against it. Thread-safe. After libbpf's
// btf_ext_setup_info.
[[nodiscard]] Result<std::vector<Relocation>> read_relocations(std::span<const std::byte> btf_ext,
                                                               const BtfView& btf);

}  // namespace btfbatch
