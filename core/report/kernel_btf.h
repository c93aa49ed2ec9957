// Which programs does no external BTF help?
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/object/object.h"
#include "core/report/needs.h"

namespace btfbatch {

// Why a program can only be loaded into a kernel that has BTF of its own (CONFIG_DEBUG_INFO_BTF):
// the kernel finds what the program is attached to, or what it calls, by its own BTF. "fentry",
// "lsm", "struct_ops", "kfunc bpf_rcu_read_lock", "ksym runqueues", several with commas; empty
// where it needs none.
//
// `names`: undefined symbols that the program's code refers to. `externs`: the object's.
// Thread-safe. After libbpf's libbpf_prog_needs_vmlinux_btf and obj_needs_vmlinux_btf, and the
// kernel's check_attach_btf_id.
[[nodiscard]] std::string kernel_btf_need(const Program& program,
                                          const std::vector<std::string_view>& names,
                                          const std::vector<Extern>& externs);

}  // namespace btfbatch
