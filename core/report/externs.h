// The names that an object takes from the kernel that it is loaded into.
#pragma once

#include <vector>

#include "core/object/object.h"
#include "core/program/code.h"
#include "core/report/needs.h"

namespace btfbatch {

// Those that the object's BTF lists in its .kconfig and .ksyms sections, sorted by kind and name.
// `code` (nullptr where it could not be read) says which of them are weak. Thread-safe. After
// libbpf's bpf_object__collect_externs.
[[nodiscard]] std::vector<Extern> externs_of(const Object& object, const ObjectCode* code);

}  // namespace btfbatch
