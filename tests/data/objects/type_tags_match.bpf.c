// type_matches reaching a tagged pointer, which is as if the tag was not there.
#include "core.h"

struct tagged {
  int* text;
};

SEC("raw_tp/tags")
int type_tags_match(void* context) {
  ASK(bpf_core_type_matches(struct tagged));
  return 0;
}
