// Maps in the way of old libbpf, which newer ones refuse to open; the questions about the kernel
// are there all the same.
#include "core.h"

struct bpf_map_def {
  unsigned int type;
  unsigned int key_size;
  unsigned int value_size;
  unsigned int max_entries;
  unsigned int map_flags;
};

struct bpf_map_def SEC("maps") old_counts = {
    .type = BPF_MAP_TYPE_HASH,
    .key_size = 4,
    .value_size = 8,
    .max_entries = 16,
};

struct cell {
  int row;
  int column;
} CORE;

SEC("raw_tp/cell")
int legacy_maps(void* context) {
  struct cell* c = context;
  ASK(bpf_core_field_offset(c->column));
  return 0;
}
