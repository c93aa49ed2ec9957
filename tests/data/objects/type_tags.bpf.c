// A type question that reaches a tagged pointer such as the kernel's __user ones: bpftool gives up
// on it ("unsupported kind: type_tag"), a loader does not.
#include "core.h"

#define TAG(x) __attribute__((btf_type_tag(#x)))

typedef int TAG(user) * user_text_t;

SEC("raw_tp/tags")
int type_tags(void* context) {
  ASK(bpf_core_type_exists(user_text_t));
  return 0;
}
