// Loads of fields that the kernel has in another size: a loader adjusts them, or poisons them.
#include "core.h"

struct counter {
  unsigned long events;
  unsigned long places;
} CORE;

SEC("raw_tp/counter")
int larger_loads(void* context) {
  struct counter* counter = context;
  return counter->events == 0;
}
