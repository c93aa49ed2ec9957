// A BTF in the form in which loaders look for it in /boot: an ELF file with a .BTF section.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/elf/relocatable.h"
#include "core/error.h"

namespace btfbatch {

// The smallest ELF file that libbpf (btf__parse), cilium/ebpf, bpftool and pahole take for a
// vmlinux with these types: `btf`, byte for byte, as its .BTF section, in a file of the same byte
// order. Where the BTF does not tell the size of pointers, they take it from the machine.
//
// `machine`: nothing for this one, or s390x where `btf` is big-endian. Fails where `btf` is no BTF
// that BtfView opens, split BTF among them. Thread-safe.
[[nodiscard]] Result<std::vector<std::byte>> wrap_btf(
    std::span<const std::byte> btf, std::optional<ElfMachine> machine = std::nullopt);

}  // namespace btfbatch
