// Compiled without -g, so without .BTF: nothing can be said about what it needs.
// libbpf's headers use the kernel's types without including them.
// clang-format off
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
// clang-format on

char LICENSE[] SEC("license") = "BSD";

SEC("raw_tp/nothing")
int without_btf(void* context) {
  return 0;
}
