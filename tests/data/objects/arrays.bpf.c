// Elements of arrays: inside of the kernel's array or beyond it, of structs, of arrays, and of a
// flexible array, which has no end.
#include "core.h"

struct cell {
  int row;
  int column;
} CORE;

struct table {
  int sums[8];
  struct cell cells[4];
  short grid[3][5];
  struct cell tail[];
} CORE;

SEC("raw_tp/table")
int arrays(void* context) {
  struct table* t = context;
  ASK(bpf_core_field_offset(t->sums));
  ASK(bpf_core_field_offset(t->sums[1]));
  ASK(bpf_core_field_exists(t->sums[7]));
  ASK(bpf_core_field_size(t->cells[1]));
  ASK(bpf_core_field_offset(t->cells[3].column));
  ASK(bpf_core_field_offset(t->grid[2][4]));
  ASK(bpf_core_field_exists(t->tail));
  ASK(bpf_core_field_offset(t->tail[9].column));
  return 0;
}
