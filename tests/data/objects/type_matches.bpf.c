// type_matches walks into members and through pointers, where the other type questions stop.
#include "core.h"

struct address;

struct person {
  char name[16];
  int age;
  struct person* friend;
};

struct room {
  struct address* where;  // a declaration here, a struct in some kernels
  struct {
    int width;
    int depth;
  } floor;
  int (*enter)(struct room*, int);
};

union number {
  int whole;
};

enum color { kGreen };

SEC("raw_tp/types")
int type_matches(void* context) {
  ASK(bpf_core_type_matches(struct person));
  ASK(bpf_core_type_matches(struct room));
  ASK(bpf_core_type_matches(union number));
  ASK(bpf_core_type_matches(enum color));
  return 0;
}
