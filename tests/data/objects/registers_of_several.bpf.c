// Reads registers of whichever machine it finds itself on; and those of a struct that does not say
// whose they are.
#include "core.h"

struct pt_regs___x86 {
  unsigned long r8, di;
} CORE;

struct user_pt_regs {
  unsigned long long regs[31], sp, pc, pstate;
} CORE;

SEC("kprobe/x")
int reads_either(void* context) {
  struct pt_regs___x86* x86 = context;
  struct user_pt_regs* arm64 = context;
  if (bpf_core_field_exists(x86->di)) {
    ASK(x86->di);
  } else if (bpf_core_field_exists(arm64->regs)) {
    ASK(arm64->regs[0]);
  }
  return 0;
}
