// With two types `twin`, the type ID has two answers, even though both exist.
#include "core.h"

struct twin {
  int shifted;
};

SEC("raw_tp/twin")
int ambiguous_type_id(void* context) {
  ASK(bpf_core_type_id_kernel(struct twin));
  return 0;
}
