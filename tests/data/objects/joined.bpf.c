// Programs that come to one struct by a pointer in another, and some that only seem to. Which paths
// each shows is in joined_paths_test.cpp.
#include "core.h"

#define NOINLINE __attribute__((noinline))
#define OPAQUE(value) asm volatile("" : "+r"(value))

struct branch {
  int leaves;
  struct node* owner;
} CORE;

struct node {
  struct node* up;
  struct node* down;
  struct branch* branch;
  struct branch* branches[4];
  struct {
    const struct node* inner;
  } core;
  union {
    struct node* first;
    void* second;
  };
  void* hidden;
  int age;
} CORE;

struct node___old {
  struct node* up;
  int years;
} CORE;

SEC("raw_tp/x")
int loads(struct node* n) {
  ASK(n->age);
  ASK(n->up->age);
  ASK(n->up->branch->leaves);
  ASK(n->core.inner->age);
  ASK(n->branches[2]->leaves);
  ASK(n->first->age);
  ASK(n->up[3].age);
  return 0;
}

SEC("kprobe/x")
int probe_reads(unsigned long* arguments) {
  struct node* n = (void*)arguments[2];
  ASK(BPF_CORE_READ(n, age));
  ASK(BPF_CORE_READ(n, up, age));
  ASK(BPF_CORE_READ(n, up, branch, leaves));
  ASK(BPF_CORE_READ_USER(n, up, age));
  struct node* owner = BPF_CORE_READ(n, branch, owner);
  ASK(BPF_CORE_READ(owner, up));
  return 0;
}

// A pointer outlives what comes between, in a register or on the stack.
SEC("kprobe/x")
int later(unsigned long* arguments) {
  struct node* n = (void*)arguments[2];
  struct node* up = BPF_CORE_READ(n, up);
  if (!up) return 0;
  ASK(bpf_ktime_get_ns());
  asm volatile("" ::: "r6", "r7", "r8", "r9");
  ASK(bpf_get_prandom_u32());
  ASK(BPF_CORE_READ(up, age));
  ASK(BPF_CORE_READ(up, branch));
  return 0;
}

SEC("raw_tp/x")
int either(struct node* n) {
  struct node* m;
  if (answer & 1) {
    m = n->up;
    ASK(1);
  } else {
    m = n->down;
    ASK(2);
  }
  OPAQUE(n);
  ASK(m->age);
  return 0;
}

// What is sure in one branch only.
SEC("kprobe/x")
int either_or_any(unsigned long* arguments) {
  struct node* n = (void*)arguments[2];
  struct node* m = (void*)arguments[3];
  if (answer & 1) m = BPF_CORE_READ(n, up);
  ASK(BPF_CORE_READ(m, age));
  return 0;
}

SEC("raw_tp/x")
int again_and_again(struct node* n) {
  for (int i = 0; i < 5; ++i) {
    OPAQUE(n);
    OPAQUE(i);
    n = n->up;
  }
  ASK(n->age);
  return 0;
}

// Types must agree: these are other structs in the same place.
SEC("raw_tp/x")
int cast(struct node* n) {
  struct branch* b = (void*)n->up;
  ASK(b->leaves);
  struct branch* c = n->hidden;
  ASK(c->leaves);
  struct node* m = n->second;
  ASK(m->age);
  return 0;
}

SEC("raw_tp/x")
int other_flavors(struct node___old* n) {
  ASK(n->up->age);
  struct node___old* up = (void*)n->up;
  ASK(up->years);
  ASK(up->up->branch);
  return 0;
}

// What was read is overwritten.
SEC("kprobe/x")
int overwritten(unsigned long* arguments) {
  struct node* n = (void*)arguments[2];
  struct node* m = 0;
  bpf_core_read(&m, sizeof m, &n->up);
  bpf_get_current_comm(&m, sizeof m);
  ASK(BPF_CORE_READ(m, age));
  return 0;
}

// It is half a pointer.
SEC("kprobe/x")
int half_read(unsigned long* arguments) {
  struct node* n = (void*)arguments[2];
  unsigned int half = 0;
  bpf_core_read(&half, sizeof half, &n->up);
  struct node* m = (void*)(unsigned long)half;
  ASK(BPF_CORE_READ(m, age));
  return 0;
}

// It is calculated with.
SEC("kprobe/x")
int masked(unsigned long* arguments) {
  struct node* n = (void*)arguments[2];
  struct node* m = BPF_CORE_READ(n, up);
  m = (void*)((unsigned long)m & ~7UL);
  ASK(BPF_CORE_READ(m, age));
  return 0;
}

static NOINLINE int age_of(struct node* n) {
  return n->age;
}

static NOINLINE int age_of_any(struct node* n) {
  return n->age;
}

static NOINLINE struct node* up_of(struct node* n) {
  return n->up;
}

SEC("raw_tp/x")
int calls(struct node* n) {
  ASK(age_of(n->up));
  ASK(age_of_any(n->up));
  ASK(age_of_any(n));
  ASK(up_of(n)->age);
  return 0;
}
