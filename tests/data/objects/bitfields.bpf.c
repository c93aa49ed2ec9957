// Bitfields, which the kernel may have moved, resized or made whole fields.
#include "core.h"

struct flags {
  unsigned int ready : 1;
  unsigned int level : 3;
  int delta : 12;
  unsigned long long stamp : 40;
  unsigned int plain;
  unsigned char last : 2;
} CORE;

#define ALL_OF(field)                                                  \
  ASK(__builtin_preserve_field_info(f->field, BPF_FIELD_BYTE_OFFSET)); \
  ASK(__builtin_preserve_field_info(f->field, BPF_FIELD_BYTE_SIZE));   \
  ASK(__builtin_preserve_field_info(f->field, BPF_FIELD_EXISTS));      \
  ASK(__builtin_preserve_field_info(f->field, BPF_FIELD_SIGNED));      \
  ASK(__builtin_preserve_field_info(f->field, BPF_FIELD_LSHIFT_U64));  \
  ASK(__builtin_preserve_field_info(f->field, BPF_FIELD_RSHIFT_U64))

SEC("raw_tp/flags")
int bitfields(void* context) {
  struct flags* f = context;
  ALL_OF(ready);
  ALL_OF(level);
  ALL_OF(delta);
  ALL_OF(stamp);
  ALL_OF(plain);
  ALL_OF(last);
  return 0;
}
