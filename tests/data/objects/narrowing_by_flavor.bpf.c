// Candidates are narrowed for each local type on its own: two flavors choose two kernel types.
#include "core.h"

struct twin___a {
  int first_only;
  int shifted;
} CORE;

struct twin___b {
  int second_only;
  int shifted;
} CORE;

SEC("raw_tp/twin")
int narrowing_by_flavor(void* context) {
  struct twin___a* a = context;
  struct twin___b* b = context;
  ASK(bpf_core_field_offset(a->first_only));
  ASK(bpf_core_field_offset(a->shifted));
  ASK(bpf_core_field_offset(b->second_only));
  ASK(bpf_core_field_offset(b->shifted));
  return 0;
}
