// Programs that ask before they read, in the ways that people ask, and some that ask wrongly or not
// at all. Whether the verifier takes a program depends on nothing but which poisoned instructions it
// can come to.
#include "core.h"

struct person {
  int age;
  int no_such_field;
  int nor_this;
} CORE;

struct person___soon {
  int no_such_field;
} CORE;

struct no_such_struct {
  int inside;
} CORE;

enum color { kRed, kGreen, kBlue, kNoSuchColor };

#define NOINLINE __attribute__((noinline))
#define MISSING(p) ASK(bpf_core_field_offset((p)->no_such_field))
#define EXISTS(p) bpf_core_field_exists((p)->no_such_field)

SEC("raw_tp/x")
int unguarded(void* context) {
  struct person* p = context;
  MISSING(p);
  return 0;
}

SEC("raw_tp/x")
int unguarded_twice(void* context) {
  struct person* p = context;
  MISSING(p);
  ASK(bpf_core_field_offset(p->nor_this));
  return 0;
}

SEC("raw_tp/x")
int guarded_by_if(void* context) {
  struct person* p = context;
  if (EXISTS(p)) MISSING(p);
  return 0;
}

SEC("raw_tp/x")
int guarded_by_flavor(void* context) {
  struct person* p = context;
  struct person___soon* q = context;
  if (EXISTS(q)) MISSING(p);
  return 0;
}

SEC("raw_tp/x")
int guarded_by_early_return(void* context) {
  struct person* p = context;
  if (!EXISTS(p)) return 0;
  ASK(bpf_ktime_get_ns());
  MISSING(p);
  return 0;
}

SEC("raw_tp/x")
int guarded_in_loop(void* context) {
  struct person* p = context;
  int count = answer & 7;
  for (int i = 0; i < count; ++i) {
    asm volatile("" ::: "memory");
    if (EXISTS(p)) ASK(p->no_such_field);
    ASK(i);
  }
  return 0;
}

// The source asks first, but clang takes the offset, which is the same each time, out of the loop
// and of its guard.
SEC("raw_tp/x")
int guarded_in_source_only(void* context) {
  struct person* p = context;
  int count = answer & 7;
  for (int i = 0; i < count; ++i) {
    if (EXISTS(p)) MISSING(p);
    ASK(i);
  }
  return 0;
}

SEC("raw_tp/x")
int guarded_by_type(void* context) {
  struct no_such_struct* s = context;
  if (bpf_core_type_exists(struct no_such_struct)) ASK(bpf_core_field_offset(s->inside));
  return 0;
}

SEC("raw_tp/x")
int guarded_by_enumerator(void* context) {
  if (bpf_core_enum_value_exists(enum color, kNoSuchColor))
    ASK(bpf_core_enum_value(enum color, kNoSuchColor));
  return 0;
}

// A branch in 32 bits.
SEC("raw_tp/x")
int guarded_by_half(void* context) {
  struct person* p = context;
  unsigned long long known = EXISTS(p);
  asm volatile goto("r1 = %0; if w1 == 0 goto %l1" : : "r"(known) : "r1" : absent);
  MISSING(p);
absent:
  return 0;
}

SEC("raw_tp/x")
int guarded_by_switch(void* context) {
  struct person* p = context;
  switch ((int)bpf_core_field_size(p->age)) {
    case 1:
    case 16:
      MISSING(p);
      break;
    case 2:
      ASK(2);
      break;
    default:
      ASK(3);
  }
  return 0;
}

// The answer survives on the stack only: all registers that survive a call are taken away.
SEC("raw_tp/x")
int guarded_by_spilled_answer(void* context) {
  struct person* p = context;
  unsigned long long known = EXISTS(p);
  asm volatile("" : "+r"(known));
  ASK(bpf_ktime_get_ns());
  asm volatile("" ::: "r6", "r7", "r8", "r9");
  ASK(bpf_get_prandom_u32());
  if (known) MISSING(p);
  return 0;
}

SEC("raw_tp/x")
int guarded_by_the_wrong_field(void* context) {
  struct person* p = context;
  if (bpf_core_field_exists(p->age)) MISSING(p);
  return 0;
}

SEC("raw_tp/x")
int guarded_the_wrong_way_round(void* context) {
  struct person* p = context;
  if (!EXISTS(p)) MISSING(p);
  return 0;
}

SEC("raw_tp/x")
int asked_but_not_heeded(void* context) {
  struct person* p = context;
  ASK(EXISTS(p));
  MISSING(p);
  return 0;
}

static NOINLINE int reads(struct person* p) {
  MISSING(p);
  return answer;
}

SEC("raw_tp/x")
int guarded_in_caller(void* context) {
  struct person* p = context;
  return EXISTS(p) ? reads(p) : 1;
}

SEC("raw_tp/x")
int unguarded_in_caller(void* context) {
  return reads(context);
}

static NOINLINE int reads_if(int known, struct person* p) {
  ASK(known);
  if (known) MISSING(p);
  return answer;
}

SEC("raw_tp/x")
int guarded_by_argument(void* context) {
  struct person* p = context;
  return reads_if(EXISTS(p), p);
}

SEC("raw_tp/x")
int unguarded_by_argument(void* context) {
  return reads_if(1, context);
}

static NOINLINE int knows(struct person* p) {
  ASK(1);
  return EXISTS(p);
}

SEC("raw_tp/x")
int guarded_by_result(void* context) {
  struct person* p = context;
  if (knows(p)) MISSING(p);
  return 0;
}

static long each(unsigned int index, void* context) {
  struct person* p = context;
  MISSING(p);
  return 0;
}

SEC("raw_tp/x")
int guarded_callback(void* context) {
  struct person* p = context;
  if (EXISTS(p)) bpf_loop(4, each, 0, 0);
  return 0;
}

SEC("raw_tp/x")
int unguarded_callback(void* context) {
  bpf_loop(4, each, 0, 0);
  return 0;
}

static long clears(unsigned int index, void* context) {
  *(unsigned long long*)context = 1;
  return 0;
}

// What a callback writes to the stack is not what was there before.
SEC("raw_tp/x")
int guard_overwritten_by_callback(void* context) {
  struct person* p = context;
  unsigned long long known = 0;
  bpf_loop(4, clears, &known, 0);
  if (known) MISSING(p);
  return 0;
}

// The same by a helper: known is of any value behind it.
SEC("raw_tp/x")
int guard_overwritten_by_helper(void* context) {
  struct person* p = context;
  unsigned long long known = EXISTS(p);
  bpf_get_current_comm(&known, sizeof known);
  if (known) MISSING(p);
  return 0;
}
