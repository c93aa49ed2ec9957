#include "tests/core/support/reports.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <stdexcept>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "tests/core/support/object_sets.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch::test {
namespace {

// The worst state of each relocation, in all programs.
std::vector<RelocationState> worst_states(const ObjectNeeds& needs, const ObjectReport& report) {
  std::vector<RelocationState> states(needs.relocations.size());
  for (std::size_t i = 0; i < needs.sites.size(); ++i) {
    auto& state = states[needs.sites[i].relocation];
    state = std::max(state, report.sites[i]);
  }
  return states;
}

bool asks_whether(RelocationKind kind) {
  return kind == RelocationKind::kFieldExists || kind == RelocationKind::kTypeExists ||
         kind == RelocationKind::kTypeMatches || kind == RelocationKind::kEnumvalExists;
}

// What is wrong with the state of one relocation, by libbpf's answer to it.
std::string judge(RelocationState state, std::uint64_t value, RelocationKind kind,
                  const std::string& answer) {
  static const std::regex patched(R"([^;]* -> (\d+)(;.*)?)");
  const bool is_poisoned = state == RelocationState::kGuarded ||
                           state == RelocationState::kProbablyGuarded ||
                           state == RelocationState::kBroken;
  if (is_poisoned != answer.contains("poisoned")) return "poisoned, or not";
  if (is_poisoned || kind == RelocationKind::kTypeIdTarget) return "";
  std::smatch match;
  if (!std::regex_match(answer, match, patched)) return "";
  const std::uint64_t theirs = std::stoull(match[1]);
  if (asks_whether(kind) && (theirs == 0) != (state == RelocationState::kAbsent)) return "absent";
  // libbpf shifts for the byte order of the machine that it runs on, whatever the kernel's.
  const bool is_shift = kind == RelocationKind::kFieldLshiftU64;
  if (kind != RelocationKind::kTypeIdLocal && !is_shift && theirs != value) return "value";
  return "";
}

}  // namespace

ReportedObject ReportedObject::make(const std::string& object_path, const std::string& btf_path) {
  const std::string paths[] = {object_path};
  const auto loaded = load_objects(paths);
  if (!loaded.set) throw std::runtime_error(loaded.set.error().message);
  const auto bytes = read_bytes(btf_path);
  const auto kernel = load_kernel_btf(bytes);
  if (!kernel) throw std::runtime_error(kernel.error().message);
  Answers answers;
  if (const auto minimized = minimize(*kernel, *loaded.set, &answers); !minimized) {
    throw std::runtime_error(minimized.error().message);
  }
  const auto needs = needs_of(*loaded.set);
  ReportedObject reported;
  reported.report_ = KernelReporter(*loaded.set, needs).report(*kernel, answers).front();
  reported.needs_ = needs.front();
  return reported;
}

bool libbpf_opens(std::string_view name) {
  return !name.ends_with(".be") && name != "legacy_maps" && name != "without_btf.nodebug";
}

std::string disagreement(const ObjectNeeds& needs, const ObjectReport& report,
                         const LibbpfResolution& libbpf) {
  const auto& relocations = needs.relocations;
  const auto states = worst_states(needs, report);
  const auto refused = std::ranges::find(states, RelocationState::kAmbiguous);
  if (libbpf.relocated != (refused == states.end())) {
    return fmt::format("libbpf {} the object", libbpf.relocated ? "takes" : "refuses");
  }
  const auto answered = static_cast<std::size_t>(refused - states.begin());
  if (libbpf.answers.size() != answered + (refused == states.end() ? 0 : 1)) {
    return fmt::format("libbpf answers {} of {}", libbpf.answers.size(), relocations.size());
  }
  std::string text;
  for (std::size_t i = 0; i < answered; ++i) {
    const std::string wrong =
        judge(states[i], report.values[i], relocations[i].kind, libbpf.answers[i].answer);
    if (wrong.empty()) continue;
    text +=
        fmt::format("{} ({}): {}: we say {} ({}), libbpf says '{}'\n", relocations[i].path,
                    relocation_kind_name(relocations[i].kind), wrong,
                    relocation_state_name(states[i]), report.values[i], libbpf.answers[i].answer);
  }
  return text;
}

std::vector<std::string> troubles_of(std::string_view object, std::string_view kernel) {
  const auto reported = ReportedObject::make(object_path(object), kernel_path(kernel));
  std::vector<std::string> reasons;
  for (const Trouble& trouble : reported.report().troubles) reasons.push_back(trouble.reason);
  return reasons;
}

}  // namespace btfbatch::test
