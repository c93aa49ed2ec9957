// Kernels with two types `twin` give this field two offsets: no loader would choose one. What
// follows in the same object, and other objects of the set, still have an answer.
#include "core.h"

struct twin {
  int shifted;
} CORE;

struct cell {
  int row;
  int column;
} CORE;

SEC("raw_tp/twin")
int ambiguous_field(void* context) {
  struct twin* t = context;
  struct cell* c = context;
  ASK(bpf_core_field_offset(t->shifted));
  ASK(bpf_core_field_offset(c->column));
  return 0;
}
