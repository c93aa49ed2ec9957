// Guarded by what the application, or the loader, sets before it loads the object.
#include "core.h"

struct person {
  int no_such_field;
} CORE;

const volatile int wanted = 0;
extern int LINUX_KERNEL_VERSION __kconfig;

SEC("raw_tp/x")
int guarded_by_rodata(void* context) {
  struct person* p = context;
  if (wanted) ASK(bpf_core_field_offset(p->no_such_field));
  return 0;
}

SEC("raw_tp/x")
int guarded_by_version(void* context) {
  struct person* p = context;
  if (LINUX_KERNEL_VERSION > 0x7f000000) ASK(bpf_core_field_offset(p->no_such_field));
  return 0;
}
