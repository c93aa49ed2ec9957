// The first question has the same answer in both types `twin`, the second one only in the second.
// bpftool keeps of each answer only the first type that gives it, so in its minimized BTF the first
// question drops the second type, and the second question finds nothing: other than with the full
// BTF. Ours does the same, byte for byte.
#include "core.h"

struct twin {
  int agreed;
  int second_only;
} CORE;

SEC("raw_tp/twin")
int narrowed_apart(void* context) {
  struct twin* t = context;
  ASK(bpf_core_field_exists(t->agreed));
  ASK(bpf_core_field_exists(t->second_only));
  return 0;
}
