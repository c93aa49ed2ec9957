// The first question drops the candidates that have no field `first_only`; the second one, which
// would be ambiguous among all of them, then has one answer. A question without any answer, such as
// the third, drops nobody.
#include "core.h"

struct twin {
  int first_only;
  int shifted;
  int no_such_field;
} CORE;

SEC("raw_tp/twin")
int narrowing(void* context) {
  struct twin* t = context;
  ASK(bpf_core_field_offset(t->first_only));
  ASK(bpf_core_field_offset(t->shifted));
  ASK(bpf_core_field_exists(t->no_such_field));
  ASK(bpf_core_field_size(t->shifted));
  return 0;
}
