#include "cli/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "cli/page.h"
#include "cli/text.h"
#include "cli/units.h"
#include "pipeline/report/broken.h"

namespace btfbatch::cli {
namespace {

using Json = nlohmann::ordered_json;

// Empty where no output folder is made.
std::string manifest_of(const RunOptions& options) {
  return options.out.empty() ? std::string() : (options.out / "btfbatch.json").string();
}

double seconds_of(const RunSummary& summary) {
  return std::chrono::duration<double>(summary.wall).count();
}

void add_kernels(Page& page, const RunSummary& summary, const Totals& totals) {
  const auto list = [&](Outcome outcome) {
    std::vector<std::string> lines;
    for (const KernelOutcome& kernel : summary.kernels) {
      if (kernel.outcome == outcome) {
        lines.push_back(kernel.archive_path + ": " + reasons_in_one_line(kernel.reasons));
      }
    }
    page.list(lines);
  };
  page.headline("Kernels");
  page.row("read", totals.read);
  page.row("written", totals.written);
  page.row("unique", totals.unique);
  page.row("duplicate", totals.duplicate);
  if (summary.reused() > 0) {
    page.row("reused", fmt::format("{} of earlier runs", summary.reused()));
  }
  page.row("degraded", totals.degraded);
  list(Outcome::kDegraded);
  page.row("failed", totals.failed);
  list(Outcome::kFailed);
  if (summary.filtered_out > 0) {
    page.row("left out", fmt::format("{} by the filters", summary.filtered_out));
  }
  if (!summary.aliases.empty()) {
    page.row("aliases", format_count(summary.aliases.size(), "path"));
  }
  if (!summary.ignored.empty()) {
    page.row("ignored", format_count(summary.ignored.size(), "file") + " that hold no kernel");
  }
}

void add_bundles(Page& page, const RunSummary& summary) {
  if (summary.bundles.empty()) {
    return;
  }
  page.headline("Bundles");
  for (const BundleSummary& bundle : summary.bundles) {
    std::string file = printable(bundle.path);
    if (bundle.plain_tar_xz_size) {
      file += fmt::format(" (tar cJ of plain files: {})", format_size(*bundle.plain_tar_xz_size));
    }
    page.row(format_size(bundle.size), file);
  }
}

// Where each stands, and below it where it is missing: `most` spans at most.
std::vector<std::string> lines_of(const RunSummary& summary,
                                  const std::vector<BrokenRelocation>& broken, std::size_t most) {
  std::vector<std::string> lines;
  for (const BrokenAccess& access : group_by_access(summary.answers, broken)) {
    const BrokenRelocation& relocation = access.front();
    lines.push_back(fmt::format("{}: {}", relocation_state_name(relocation.state),
                                describe_place(summary.answers, access)));
    const std::size_t shown = std::min(most, relocation.spans.size());
    for (const BrokenSpan& span : std::span(relocation.spans).first(shown)) {
      lines.push_back("  " + describe_span(span));
    }
    if (shown < relocation.spans.size()) {
      lines.push_back(
          fmt::format("  and {}", format_count(relocation.spans.size() - shown, "more span")));
    }
  }
  return lines;
}

enum class Broken : bool { kCounted, kListed };

void add_answers(Page& page, const RunSummary& summary, Broken how) {
  constexpr std::size_t kMostSpans = 4;
  const std::vector<BrokenRelocation> broken = find_broken(summary);
  const auto ambiguous = static_cast<std::size_t>(
      std::ranges::count(broken, RelocationState::kAmbiguous, &BrokenRelocation::state));
  page.headline("Relocations");
  page.row("broken", broken.size() - ambiguous);
  page.row("ambiguous", ambiguous);
  if (!broken.empty()) {
    page.row("on", fmt::format("{} of {}{}", count_broken_kernels(summary),
                               format_count(summary.kernels.size(), "kernel"),
                               how == Broken::kCounted ? "; see 'btfbatch report'" : ""));
    if (how == Broken::kListed) {
      page.list(lines_of(summary, broken, kMostSpans));
    }
  }
  if (const NotJudged others = count_not_judged(summary); others.objects > 0) {
    page.row(
        "not judged",
        fmt::format("{} on {}, which {} for other machines", format_count(others.objects, "object"),
                    format_count(others.kernels, "kernel"), others.kernels == 1 ? "is" : "are"));
  }
}

Json answers_json(const RunSummary& summary) {
  const std::vector<BrokenRelocation> broken = find_broken(summary);
  const auto ambiguous = static_cast<std::size_t>(
      std::ranges::count(broken, RelocationState::kAmbiguous, &BrokenRelocation::state));
  const NotJudged others = count_not_judged(summary);
  return {{"broken", broken.size() - ambiguous},
          {"ambiguous", ambiguous},
          {"kernels", count_broken_kernels(summary)},
          {"not_judged", {{"objects", others.objects}, {"kernels", others.kernels}}}};
}

void add_reports(Page& page, const RunOptions& options) {
  if (!options.report.html.empty()) {
    page.row("html", printable(options.report.html.string()));
  }
  if (!options.report.json.empty()) {
    page.row("json", printable(options.report.json.string()));
  }
}

Json bundles_json(const RunSummary& summary) {
  Json bundles = Json::array();
  for (const BundleSummary& bundle : summary.bundles) {
    Json& row = bundles.emplace_back(Json{{"path", bundle.path}, {"size", bundle.size}});
    if (bundle.plain_tar_xz_size) {
      row["plain_tar_xz_size"] = *bundle.plain_tar_xz_size;
    }
  }
  return bundles;
}

}  // namespace

double Totals::times_smaller() const {
  return written_bytes == 0 ? 0
                            : static_cast<double>(btf_bytes) / static_cast<double>(written_bytes);
}

Totals totals_of(const RunSummary& summary, Layout layout) {
  Totals totals;
  totals.read = summary.kernels.size();
  totals.unique = summary.unique;
  totals.degraded = summary.count(Outcome::kDegraded);
  totals.failed = summary.count(Outcome::kFailed);
  totals.written = totals.read - totals.failed;
  totals.duplicate = totals.written - std::min(totals.unique, totals.written);
  std::unordered_set<ContentId> stored;
  for (const KernelOutcome& kernel : summary.kernels) {
    totals.archive_bytes += kernel.compressed_size;
    if (kernel.outcome == Outcome::kFailed) {
      continue;
    }
    totals.btf_bytes += kernel.btf_size;
    if (layout == Layout::kCopy || stored.insert(kernel.content_id).second) {
      totals.written_bytes += kernel.minimized_size;
    }
  }
  return totals;
}

std::string summary_text(const RunSummary& summary, const RunOptions& options) {
  const Totals totals = totals_of(summary, options.layout);
  Page page(options.out.empty() ? "give --out to see all" : "see " + manifest_of(options));
  if (!options.whole) {
    page.objects(summary.objects, summary.relocations, summary.distinct_relocations);
  }
  add_kernels(page, summary, totals);
  if (!options.whole) {
    add_answers(page, summary, Broken::kCounted);
  }
  page.headline("Bytes");
  page.row("archive", format_size(totals.archive_bytes));
  page.row("BTF", format_size(totals.btf_bytes));
  page.row("written", totals.written == 0
                          ? format_size(totals.written_bytes)
                          : fmt::format("{}, {:.1f} times smaller",
                                        format_size(totals.written_bytes), totals.times_smaller()));
  add_bundles(page, summary);
  page.headline("Run");
  const double seconds = seconds_of(summary);
  page.row("time", seconds > 0 ? fmt::format("{}, {:.1f} kernels/s", format_duration(summary.wall),
                                             static_cast<double>(totals.read) / seconds)
                               : format_duration(summary.wall));
  if (!options.out.empty()) {
    page.row("manifest", printable(manifest_of(options)));
  }
  add_reports(page, options);
  return std::move(page).text();
}

std::string report_text(const RunSummary& summary, const RunOptions& options) {
  Page page(options.report.json.empty() ? "give --json or --html to see all"
                                        : "see " + options.report.json.string());
  page.objects(summary.objects, summary.relocations, summary.distinct_relocations);
  const Totals totals = totals_of(summary, options.layout);
  page.headline("Kernels");
  page.row("read", totals.read);
  page.row("degraded", totals.degraded);
  page.row("failed", totals.failed);
  add_answers(page, summary, Broken::kListed);
  page.headline("Run");
  page.row("time", format_duration(summary.wall));
  add_reports(page, options);
  return std::move(page).text();
}

Json summary_json(const RunSummary& summary, const RunOptions& options) {
  const Totals totals = totals_of(summary, options.layout);
  return {
      {"objects", objects_json(summary.objects, summary.relocations, summary.distinct_relocations)},
      {"kernels",
       {{"read", totals.read},
        {"written", totals.written},
        {"unique", totals.unique},
        {"duplicate", totals.duplicate},
        {"reused", summary.reused()},
        {"degraded", totals.degraded},
        {"failed", totals.failed},
        {"left_out", summary.filtered_out}}},
      {"bytes",
       {{"archive", totals.archive_bytes},
        {"btf", totals.btf_bytes},
        {"written", totals.written_bytes},
        {"times_smaller", totals.times_smaller()}}},
      {"bundles", bundles_json(summary)},
      {"answers", answers_json(summary)},
      {"seconds", seconds_of(summary)},
      {"manifest", manifest_of(options)}};
}

}  // namespace btfbatch::cli
