// Function types, whose parameters and result all count.
#include "core.h"

struct room;
struct address {
  int street;
  short number;
};

typedef int (*enter_t)(struct address*, int);
typedef void visit_t(struct address*);
typedef int (*variadic_t)(int, ...);

SEC("raw_tp/functions")
int function_types(void* context) {
  ASK(bpf_core_type_exists(enter_t));
  ASK(bpf_core_type_matches(enter_t));
  ASK(bpf_core_type_exists(visit_t));
  ASK(bpf_core_type_matches(visit_t));
  ASK(bpf_core_type_exists(variadic_t));
  return 0;
}
