// A whole field of a struct that has bitfields as well: alone in a minimized struct, it is written
// as structs without bitfields are.
#include "core.h"

struct flags {
  unsigned int ready : 1;
  unsigned int plain;
} CORE;

SEC("raw_tp/flags")
int beside_bitfields(void* context) {
  struct flags* f = context;
  ASK(bpf_core_field_offset(f->plain));
  return 0;
}
