// A type as C writes it.
#pragma once

#include <cstdint>
#include <string>

#include "core/btf/view.h"

namespace btfbatch {

// "unsigned int", "const struct rq *", "char[16]", "int (*)(struct sk_buff *)"; "struct
// (anonymous)" for one without a name. A function by its prototype: "int bpf_x(struct task_struct
// *)". What nests too deep, or grows too long, is cut with "…". Thread-safe.
[[nodiscard]] std::string type_text(const BtfView& btf, std::uint32_t id);

}  // namespace btfbatch
