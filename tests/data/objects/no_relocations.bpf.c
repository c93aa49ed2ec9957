// A program that asks nothing of the kernel's types.
#include "core.h"

SEC("raw_tp/nothing")
int no_relocations(void* context) {
  return 0;
}
