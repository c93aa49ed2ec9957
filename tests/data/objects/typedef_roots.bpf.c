// Fields of types that have a name only through a typedef, also one of a typedef.
#include "core.h"

typedef struct {
  int left, right;
} pair_t;

typedef pair_t couple_t;

typedef struct cell {
  int row;
  int column;
} CORE cell_t;

SEC("raw_tp/pairs")
int typedef_roots(void* context) {
  pair_t* p = context;
  couple_t* c = context;
  cell_t* cell = context;
  ASK(__builtin_preserve_field_info(p->right, BPF_FIELD_BYTE_OFFSET));
  ASK(__builtin_preserve_field_info(c->left, BPF_FIELD_BYTE_SIZE));
  ASK(__builtin_preserve_field_info(cell->column, BPF_FIELD_EXISTS));
  ASK(bpf_core_type_exists(couple_t));
  ASK(bpf_core_type_size(cell_t));
  return 0;
}
