// A map and no program: BTF, but no .BTF.ext, so nothing is asked of a kernel.
// libbpf's headers use the kernel's types without including them.
// clang-format off
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
// clang-format on

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16);
  __type(key, int);
  __type(value, long);
} counts SEC(".maps");
