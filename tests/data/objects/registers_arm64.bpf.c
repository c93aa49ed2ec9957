// Reads a register of arm64, in the way of libbpf's bpf_tracing.h.
#include "core.h"

struct user_pt_regs {
  unsigned long long regs[31], sp, pc, pstate;
} CORE;

SEC("kprobe/x")
int reads_register(const struct user_pt_regs* context) {
  ASK(context->regs[0]);
  return 0;
}
