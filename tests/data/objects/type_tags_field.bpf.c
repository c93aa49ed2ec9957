// A field beside and behind a tag: field questions do not look behind pointers.
#include "core.h"

struct tagged {
  int plain;
  int* text;
} CORE;

SEC("raw_tp/tags")
int type_tags_field(void* context) {
  struct tagged* t = context;
  ASK(bpf_core_field_offset(t->text));
  ASK(bpf_core_field_offset(t->plain));
  return 0;
}
