// The five questions about a type, of a type of each sort that C can name.
#include "core.h"

struct address {
  int street;
  short number;
};

union number {
  int whole;
  float broken;
};

enum color { kRed, kGreen };

typedef int count_t;
typedef struct {
  int left, right;
} pair_t;
typedef const char* text_t;
typedef int row_t[4];

#define ALL_OF(type)                  \
  ASK(bpf_core_type_id_local(type));  \
  ASK(bpf_core_type_id_kernel(type)); \
  ASK(bpf_core_type_exists(type));    \
  ASK(bpf_core_type_size(type));      \
  ASK(bpf_core_type_matches(type))

SEC("raw_tp/types")
int type_kinds(void* context) {
  ALL_OF(struct address);
  ALL_OF(union number);
  ALL_OF(enum color);
  ALL_OF(count_t);
  ALL_OF(pair_t);
  ALL_OF(text_t);
  ALL_OF(row_t);
  return 0;
}
