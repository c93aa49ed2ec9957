// A function that is not static: the kernel verifies it by itself. Until Linux 6.8 it does so even
// where no call to it can be reached.
#include "core.h"

struct person {
  int no_such_field;
} CORE;

__attribute__((noinline)) int reads(int number) {
  struct person* p = 0;
  ASK(bpf_core_field_offset(p->no_such_field) + number);
  return answer;
}

SEC("raw_tp/x")
int guarded_in_caller(void* context) {
  struct person* p = context;
  return bpf_core_field_exists(p->no_such_field) ? reads(3) : 1;
}
