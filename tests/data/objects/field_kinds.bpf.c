// The six questions about a field: byte offset, byte size, existence, signedness, left and right
// shift.
#include "core.h"

struct address {
  int street;
  short number;
} CORE;

struct person {
  char name[16];
  int age;
  unsigned long long salary;
  signed char mood;
  struct person* friend;
  struct address home;
  enum { kSmall, kLarge } size;
  const unsigned char* volatile note;
} CORE;

#define ALL_OF(field)                                                 \
  ASK(bpf_core_field_offset(p->field));                               \
  ASK(bpf_core_field_size(p->field));                                 \
  ASK(bpf_core_field_exists(p->field));                               \
  ASK(__builtin_preserve_field_info(p->field, BPF_FIELD_SIGNED));     \
  ASK(__builtin_preserve_field_info(p->field, BPF_FIELD_LSHIFT_U64)); \
  ASK(__builtin_preserve_field_info(p->field, BPF_FIELD_RSHIFT_U64))

SEC("raw_tp/person")
int field_kinds(void* context) {
  struct person* p = context;
  ALL_OF(age);
  ALL_OF(salary);
  ALL_OF(mood);
  ALL_OF(home.number);
  ALL_OF(size);
  ASK(bpf_core_field_size(p->name));
  ASK(bpf_core_field_offset(p->friend));
  ASK(bpf_core_field_offset(p->friend->note));
  ASK(bpf_core_field_exists(p->home));
  return 0;
}

SEC("kprobe/person")
int field_access(void* context) {
  struct person* p = context;
  ASK(__builtin_preserve_access_index(&p->home.street));
  ASK(__builtin_preserve_access_index(&p[2].age));
  return 0;
}
