// Two enums `coin` that give one name two values.
#include "core.h"

enum coin { kPenny };

SEC("raw_tp/coin")
int ambiguous_enum_value(void* context) {
  ASK(bpf_core_enum_value(enum coin, kPenny));
  return 0;
}
