#include "cli/verify_summary.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <vector>

#include "cli/page.h"
#include "cli/units.h"

namespace btfbatch::cli {
namespace {

using Json = nlohmann::ordered_json;
using Kind = OutputProblem::Kind;

constexpr std::array<std::string_view, kVerdicts> kVerdictNames = {
    "proved", "unreadable", "missing", "damaged", "differs", "stale"};

struct KindNames {
  Kind kind;
  std::string_view name;
  std::string_view label;  // of the row
};
constexpr std::array<KindNames, 6> kKinds = {{{Kind::kManifest, "manifest", "manifest"},
                                              {Kind::kObjects, "objects", "stale"},
                                              {Kind::kVersion, "version", "stale"},
                                              {Kind::kMissing, "missing", "missing"},
                                              {Kind::kExtra, "extra", "extra"},
                                              {Kind::kDamaged, "damaged", "damaged"}}};

std::size_t replayed(const VerifySummary& summary) {
  std::size_t count = 0;
  for (const VerifiedKernel& kernel : summary.kernels) {
    count += kernel.relocations;
  }
  return count;
}

void add_kernels(Page& page, const VerifySummary& summary) {
  page.headline("Kernels");
  page.row("read", summary.kernels.size());
  page.row("proved", summary.count(Verdict::kProved));
  for (std::size_t i = 1; i < kVerdicts; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    std::vector<std::string> lines;
    for (const VerifiedKernel& kernel : summary.kernels) {
      if (kernel.verdict == verdict) {
        lines.push_back(kernel.archive_path + ": " + reasons_in_one_line(kernel.reasons));
      }
    }
    if (!lines.empty()) {
      page.row(kVerdictNames[i], lines.size());
      page.list(lines);
    }
  }
  if (summary.filtered_out > 0) {
    page.row("left out", fmt::format("{} by the filters", summary.filtered_out));
  }
}

void add_problems(Page& page, const VerifySummary& summary) {
  if (summary.problems.empty()) {
    return;
  }
  page.headline("Output");
  for (const KindNames& names : kKinds) {
    std::vector<std::string> lines;
    for (const OutputProblem& problem : summary.problems) {
      if (problem.kind == names.kind) {
        lines.push_back(problem.reason);
      }
    }
    if (!lines.empty()) {
      page.row(names.label, lines.size());
      page.list(lines);
    }
  }
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  return kVerdictNames[static_cast<std::size_t>(verdict)];
}

std::string verify_summary_text(const VerifySummary& summary) {
  Page page("use --log-format json to see all");
  page.objects(summary.objects, summary.relocations, summary.distinct_relocations);
  add_kernels(page, summary);
  add_problems(page, summary);
  page.headline("Proof");
  page.row("replayed", format_count(replayed(summary), "relocation"));
  page.row("time", format_duration(summary.wall));
  page.row("result", summary.is_proved() ? "proved" : "NOT proved");
  return std::move(page).text();
}

Json verify_summary_json(const VerifySummary& summary) {
  Json kernels = {{"read", summary.kernels.size()}};
  for (std::size_t i = 0; i < kVerdicts; ++i) {
    kernels[std::string(kVerdictNames[i])] = summary.count(static_cast<Verdict>(i));
  }
  kernels["left_out"] = summary.filtered_out;
  kernels["list"] = Json::array();
  for (const VerifiedKernel& kernel : summary.kernels) {
    if (kernel.verdict != Verdict::kProved) {
      kernels["list"].push_back({{"archive_path", kernel.archive_path},
                                 {"path", kernel.output_path},
                                 {"verdict", verdict_name(kernel.verdict)},
                                 {"reasons", kernel.reasons}});
    }
  }
  Json problems = Json::array();
  for (const OutputProblem& problem : summary.problems) {
    problems.push_back({{"kind", kKinds[static_cast<std::size_t>(problem.kind)].name},
                        {"reason", problem.reason}});
  }
  return {
      {"objects", objects_json(summary.objects, summary.relocations, summary.distinct_relocations)},
      {"kernels", std::move(kernels)},
      {"problems", std::move(problems)},
      {"relocations_replayed", replayed(summary)},
      {"seconds", std::chrono::duration<double>(summary.wall).count()},
      {"proved", summary.is_proved()}};
}

}  // namespace btfbatch::cli
