// One program of each common type, and a function that is none.
#include "core.h"

struct cell {
  int row;
  int column;
} CORE;

static __attribute__((noinline)) int helper(struct cell* c) {
  return bpf_core_field_offset(c->row) + bpf_core_field_exists(c->column);
}

SEC("kprobe/do_something")
int on_kprobe(void* context) {
  return helper(context);
}

SEC("tracepoint/cells/cell_enter")
int on_tracepoint(void* context) {
  return helper(context);
}

SEC("raw_tracepoint/cell")
int on_raw_tracepoint(void* context) {
  return 0;
}

SEC("xdp")
int on_packet(void* context) {
  return 0;
}

SEC("socket")
int on_socket(void* context) {
  return 0;
}
