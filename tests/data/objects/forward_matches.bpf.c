// type_matches reaching a struct which the kernel only declares: bpftool has a way for it.
#include "core.h"

struct secret;
typedef struct secret* handle_t;

struct holder {
  struct secret* inside;
};

SEC("raw_tp/handles")
int forward_matches(void* context) {
  ASK(bpf_core_type_matches(handle_t));
  ASK(bpf_core_type_matches(struct holder));
  return 0;
}
