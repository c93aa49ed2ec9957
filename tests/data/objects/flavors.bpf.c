// Several local shapes of one kernel type: what follows ___ in a name is not part of it.
#include "core.h"

struct person {
  int age;
} CORE;

struct person___long_ago {
  int years;
  int age;
} CORE;

struct person___soon {
  unsigned long long salary;
  int no_such_field;
} CORE;

struct person___here___too {  // only the last flavor is cut off: no kernel has this type
  int age;
} CORE;

SEC("raw_tp/person")
int flavors(void* context) {
  struct person* a = context;
  struct person___long_ago* b = context;
  struct person___soon* c = context;
  struct person___here___too* d = context;
  ASK(bpf_core_field_offset(a->age));
  ASK(bpf_core_field_exists(b->years));
  ASK(bpf_core_field_offset(b->age));
  ASK(bpf_core_field_offset(c->salary));
  ASK(bpf_core_field_exists(c->no_such_field));
  ASK(bpf_core_field_exists(d->age));
  ASK(bpf_core_type_exists(struct person___soon));
  return 0;
}
