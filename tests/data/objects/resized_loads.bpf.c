// Loads, which a loader fits to the size of what it finds, or poisons.
#include "core.h"

struct person {
  unsigned long long salary;
  int age;
  struct person* friend;
} CORE;

SEC("raw_tp/x")
int loads_unsigned(void* context) {
  struct person* p = context;
  ASK(p->salary);
  return 0;
}

SEC("raw_tp/x")
int loads_signed(void* context) {
  struct person* p = context;
  ASK(p->age);
  return 0;
}

SEC("raw_tp/x")
int loads_pointer(void* context) {
  struct person* p = context;
  ASK((unsigned long)p->friend);
  return 0;
}
