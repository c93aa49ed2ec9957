// The ambiguous question comes before the one that would have narrowed it.
#include "core.h"

struct twin {
  int first_only;
  int shifted;
} CORE;

SEC("raw_tp/twin")
int narrowing_too_late(void* context) {
  struct twin* t = context;
  ASK(bpf_core_field_offset(t->shifted));
  ASK(bpf_core_field_offset(t->first_only));
  return 0;
}
