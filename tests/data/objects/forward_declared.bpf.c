// A type question that reaches a struct which the kernel only declares: bpftool gives up on it
// ("unsupported kind: fwd"), a loader does not.
#include "core.h"

struct secret;
typedef struct secret* handle_t;

SEC("raw_tp/handles")
int forward_declared(void* context) {
  ASK(bpf_core_type_exists(handle_t));
  ASK(bpf_core_type_size(handle_t));
  return 0;
}
