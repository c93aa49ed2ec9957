// An object's programs, as libbpf sees them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/object/object.h"

namespace btfbatch {

// Asks libbpf's bpf_object__open for the programs of an eBPF ELF, which has passed
// check_for_libbpf, and their types. The error is libbpf's own word for why it refuses.
// Thread-safe, but for others that set libbpf's print hook meanwhile, which is global to the
// process.
[[nodiscard]] Result<std::vector<Program>> read_programs(std::span<const std::byte> elf);

}  // namespace btfbatch
