// The same offset in both types `twin`, but of another size: byte_off agrees, byte_sz does not.
#include "core.h"

struct twin {
  long resized;
} CORE;

SEC("raw_tp/twin")
int ambiguous_element_type(void* context) {
  struct twin* t = context;
  ASK(bpf_core_field_offset(t->resized));
  ASK(bpf_core_field_size(t->resized));
  return 0;
}
