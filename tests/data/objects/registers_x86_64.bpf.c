// Reads a register of x86-64, of the struct as the kernel's own headers have it.
#include "core.h"

struct pt_regs {
  unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs,
      flags, sp, ss;
} CORE;

SEC("kprobe/x")
int reads_register(struct pt_regs* context) {
  ASK(context->di);
  return 0;
}
