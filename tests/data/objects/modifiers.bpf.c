// const, volatile and restrict around fields and types, which nobody's answer depends on.
#include "core.h"

typedef const volatile int shy_t;
typedef shy_t* const* chain_t;

struct cupboard {
  const int fixed;
  volatile const unsigned char* const volatile shaky;
  shy_t shy;
  chain_t chain;
  void* const anything;
} CORE;

SEC("raw_tp/cupboard")
int modifiers(void* context) {
  struct cupboard* c = context;
  ASK(bpf_core_field_offset(c->fixed));
  ASK(bpf_core_field_size(c->shaky));
  ASK(bpf_core_field_offset(c->shy));
  ASK(bpf_core_field_exists(c->chain));
  ASK(bpf_core_field_offset(c->anything));
  ASK(bpf_core_type_exists(chain_t));
  ASK(bpf_core_type_size(shy_t));
  ASK(bpf_core_type_matches(chain_t));
  return 0;
}
