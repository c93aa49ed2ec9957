// Several types of one name that give the same answers: nothing is ambiguous about them.
#include "core.h"

struct twin {
  int agreed;
} CORE;

enum coin { kDime };

SEC("raw_tp/twin")
int agreeing(void* context) {
  struct twin* t = context;
  ASK(bpf_core_field_offset(t->agreed));
  ASK(bpf_core_field_exists(t->agreed));
  ASK(bpf_core_type_exists(struct twin));
  ASK(bpf_core_enum_value(enum coin, kDime));
  ASK(bpf_core_enum_value_exists(enum coin, kDime));
  return 0;
}
