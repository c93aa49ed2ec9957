// Members of unnamed structs and unions count as members of what holds them, at any depth; the
// kernel may nest them differently.
#include "core.h"

struct parcel {
  int weight;
  union {
    int price;
    struct {
      short width;
      union {
        short height;
        char label[2];
      };
    };
  };
  struct {
    int to;
    int from;
  } route;
} CORE;

SEC("raw_tp/parcel")
int nested_anonymous(void* context) {
  struct parcel* p = context;
  ASK(bpf_core_field_offset(p->weight));
  ASK(bpf_core_field_offset(p->price));
  ASK(bpf_core_field_offset(p->width));
  ASK(bpf_core_field_size(p->height));
  ASK(bpf_core_field_offset(p->label[1]));
  ASK(bpf_core_field_exists(p->route.from));
  return 0;
}
