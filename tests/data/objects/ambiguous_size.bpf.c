// Two types `twin` of different sizes.
#include "core.h"

struct twin {
  int shifted;
};

SEC("raw_tp/twin")
int ambiguous_size(void* context) {
  ASK(bpf_core_type_size(struct twin));
  return 0;
}
