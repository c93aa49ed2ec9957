// What objects need of a kernel, for people and for programs.
#pragma once

#include <span>
#include <string>

#include "core/report/needs.h"
#include "pipeline/run.h"

namespace btfbatch::cli {

// A part for each object, nothing cut: its programs; its relocations by kind and path, each with
// how often and where in the source; its externs; what needs BTF inside of the kernel. `summaries`:
// of the same objects.
[[nodiscard]] std::string needs_text(std::span<const ObjectNeeds> needs,
                                     std::span<const ObjectSummary> summaries);

// The version of what needs_json() writes; raised whenever a field changes its meaning or goes.
inline constexpr int kNeedsFormatVersion = 1;

// One JSON document, which ends with a newline:
//   format_version, tool_version
//   objects: for each
//     name, found_in (the file it is embedded in, or ""), warnings
//     programs: name, section, type, needs_kernel_btf ("fentry", "kfunc NAME", …, or "")
//     relocations, in their order: kind (libbpf's word), path, joined_path (through pointers; or
//       ""), section, instruction (byte offset), function, programs (names of those that hold it),
//       source (file, line, column, text; null where not recorded)
//     externs: name, kind ("config", "variable", "function", "untyped_variable"), type, weak
[[nodiscard]] std::string needs_json(std::span<const ObjectNeeds> needs,
                                     std::span<const ObjectSummary> summaries);

}  // namespace btfbatch::cli
