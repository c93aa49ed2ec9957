// Access paths that go on through pointers: "task_struct.real_parent->tgid".
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/object/object.h"
#include "core/program/code.h"
#include "core/relocation/types.h"

namespace btfbatch {

// For each of an object's relocations, its path from where the program has the first pointer: the
// paths of those that load a pointer and start from it (core/program/origins.h), where the
// pointer's type is what the next one starts from. Where that is another flavor, with a cast:
// "((b___old *)a.b).c". Empty for those that are read through no other's pointer, or where that is
// not sure. Thread-safe.
[[nodiscard]] std::vector<std::string> joined_paths(const ObjectCode& code,
                                                    std::span<const Relocation> relocations,
                                                    const TypeSpace& space);

}  // namespace btfbatch
