// Names from the kernel, in each of the ways to ask for one, and programs of the types that need
// BTF inside of the kernel.
#include "core.h"

#include <bpf/bpf_tracing.h>

extern int LINUX_KERNEL_VERSION __kconfig;
extern _Bool CONFIG_BPF_SYSCALL __kconfig __weak;
extern const int typed_variable __ksym;
extern const void untyped_variable __ksym __weak;
extern void kernel_function(int number) __ksym __weak;

SEC("raw_tp/x")
int with_config(void* context) {
  ASK(LINUX_KERNEL_VERSION + CONFIG_BPF_SYSCALL);
  return 0;
}

SEC("raw_tp/x")
int with_typed_variable(void* context) {
  ASK((unsigned long)&typed_variable);
  return 0;
}

SEC("raw_tp/x")
int with_untyped_variable(void* context) {
  ASK((unsigned long)&untyped_variable);
  return 0;
}

static __attribute__((noinline)) int calls(int number) {
  kernel_function(number);
  return answer;
}

SEC("raw_tp/x")
int with_kernel_function(void* context) {
  return calls(1);
}

SEC("fentry/do_nanosleep")
int on_entry(void* context) {
  return 0;
}

SEC("fexit/do_nanosleep")
int on_exit(void* context) {
  return 0;
}

SEC("fmod_ret/security_file_open")
int on_return(void* context) {
  return 0;
}

SEC("lsm/file_open")
int on_hook(void* context) {
  return 0;
}

SEC("tp_btf/sched_switch")
int on_tracepoint(void* context) {
  return 0;
}

SEC("iter/task")
int on_each(void* context) {
  return 0;
}

SEC("freplace/other")
int in_place_of(void* context) {
  return 0;
}

SEC("struct_ops/enqueue")
int in_table(void* context) {
  return 0;
}

SEC("struct_ops.s/init")
int in_table_sleeping(void* context) {
  return 0;
}

SEC("kprobe/do_nanosleep")
int on_probe(void* context) {
  return 0;
}
