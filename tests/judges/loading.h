// Loads programs of an object into the running kernel through libbpf, one at a time.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace btfbatch::test {

// What became of one program.
struct LoadVerdict {
  int error = 0;                // 0: the kernel took it; else the errno that libbpf passed on
  bool reached_kernel = false;  // whether libbpf got as far as handing it to the kernel
  std::string reason;           // libbpf's first complaint about it
  // The program as it was handed to the kernel, every relocation patched in. Only the descriptors
  // of maps are masked: those are given out anew at each load.
  std::vector<bpf_insn> instructions;
  // The kernel's own hash over the instructions that it was given, where it took them.
  std::string tag;
};

[[nodiscard]] bool same_instruction(const bpf_insn& left, const bpf_insn& right);

// Whether both loads came to the same: taken or refused alike, with the same instructions.
[[nodiscard]] bool same(const LoadVerdict& left, const LoadVerdict& right);

// How many programs libbpf finds in the eBPF ELF; -1 where it refuses to open it.
[[nodiscard]] int count_programs(std::span<const std::byte> elf);

// Loads program number `index` of an eBPF ELF that libbpf opens, and nothing else of it, then
// unloads it. `btf_path`: relocate against this file in place of the kernel's own BTF; nullptr for
// the kernel's own. Not thread-safe: libbpf's print hook is global to the process.
[[nodiscard]] LoadVerdict load_program(std::span<const std::byte> elf, int index,
                                       const char* btf_path);

// Why this machine cannot load even the smallest program, or "".
[[nodiscard]] std::string why_nothing_loads();

}  // namespace btfbatch::test
