#include "core/report/kernel_btf.h"

#include <algorithm>
#include <array>
#include <utility>

namespace btfbatch {
namespace {

// libbpf's names of attach types, and the sections that people know them by.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTracing = {
    {{"trace_fentry", "fentry"},
     {"trace_fexit", "fexit"},
     {"modify_return", "fmod_ret"},
     {"trace_raw_tp", "tp_btf"},
     {"trace_iter", "iter"}}};

std::string_view by_type(const Program& program) {
  if (program.type == "lsm" || program.type == "struct_ops") return program.type;
  if (program.type == "ext") return "freplace";
  if (program.type != "tracing") return "";
  const auto known = std::ranges::find(kTracing, program.attach_type,
                                       &std::pair<std::string_view, std::string_view>::first);
  return known == kTracing.end() ? "tracing" : known->second;
}

}  // namespace

std::string kernel_btf_need(const Program& program, const std::vector<std::string_view>& names,
                            const std::vector<Extern>& externs) {
  std::string need(by_type(program));
  for (const Extern& symbol : externs) {
    const bool is_function = symbol.kind == Extern::Kind::kFunction;
    if (!is_function && symbol.kind != Extern::Kind::kVariable) continue;
    if (std::ranges::find(names, symbol.name) == names.end()) continue;
    if (!need.empty()) need += ", ";
    need += (is_function ? "kfunc " : "ksym ") + symbol.name;
  }
  return need;
}

}  // namespace btfbatch
