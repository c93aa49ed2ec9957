#include "cli/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "cli/text.h"
#include "cli/units.h"

namespace btfbatch::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLongestList = 20;
constexpr std::size_t kLongestPackedList = 80;
constexpr std::size_t kPackedColumns = 92;
constexpr std::size_t kMostReasons = 3;

std::string manifest_of(const RunOptions& options) {
  return (options.out / "btfbatch.json").string();
}

double seconds_of(const RunSummary& summary) {
  return std::chrono::duration<double>(summary.wall).count();
}

// Builds the page row by row.
class Page {
 public:
  explicit Page(std::string manifest) : manifest_(std::move(manifest)) {}

  void headline(std::string_view text) { text_ += fmt::format("{}\n", text); }

  void row(std::string_view label, std::string_view value) {
    text_ += fmt::format("  {:<13}{}\n", label, value);
  }
  void row(std::string_view label, std::size_t count) { row(label, std::to_string(count)); }

  // A line for each.
  void list(const std::vector<std::string>& lines) {
    const std::size_t shown = std::min(lines.size(), kLongestList);
    for (std::size_t i = 0; i < shown; ++i) {
      text_ += fmt::format("    {}\n", printable(lines[i]));
    }
    point_to_manifest(lines.size() - shown);
  }

  // As many on a line as fit.
  void packed_list(const std::vector<std::string>& words) {
    const std::size_t shown = std::min(words.size(), kLongestPackedList);
    std::string line;
    for (std::size_t i = 0; i < shown; ++i) {
      const std::string word = printable(words[i]) + (i + 1 < words.size() ? "," : "");
      if (!line.empty() && line.size() + word.size() > kPackedColumns) {
        text_ += fmt::format("   {}\n", line);
        line.clear();
      }
      line += " " + word;
    }
    text_ += fmt::format("   {}\n", line);
    point_to_manifest(words.size() - shown);
  }

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  void point_to_manifest(std::size_t left_out) {
    if (left_out > 0) {
      text_ += fmt::format("    … and {} more, see {}\n", left_out, printable(manifest_));
    }
  }

  std::string manifest_;
  std::string text_;
};

void add_objects(Page& page, const RunSummary& summary) {
  std::map<std::string, std::size_t> inside;  // file → how many objects were found in it
  std::vector<std::string> warnings;
  std::vector<std::string> needless;
  for (const ObjectSummary& object : summary.objects) {
    if (!object.found_in.empty()) {
      ++inside[object.found_in];
    }
    if (!object.has_btf_ext) {
      needless.push_back(object.name + ": has no .BTF.ext and needs nothing of a kernel");
    }
    for (const std::string& warning : object.warnings) {
      warnings.push_back(object.name + ": " + warning);
    }
  }
  std::vector<std::string> found;
  found.reserve(inside.size());
  for (const auto& [file, count] : inside) {
    found.push_back(count == 1 ? file : fmt::format("{} ({} objects)", file, count));
  }

  page.headline("Objects");
  page.row("read", summary.objects.size());
  page.row("relocations", fmt::format("{}, {} of them distinct", summary.relocations,
                                      summary.distinct_relocations));
  if (!found.empty()) {
    page.row("found inside", format_count(found.size(), "other file"));
    page.packed_list(found);
  }
  if (!needless.empty()) {
    page.row("maps only", needless.size());
    page.list(needless);
  }
  if (!warnings.empty()) {
    page.row("warnings", warnings.size());
    page.list(warnings);
  }
}

void add_kernels(Page& page, const RunSummary& summary, const Totals& totals) {
  const auto list = [&](Outcome outcome) {
    std::vector<std::string> lines;
    for (const KernelOutcome& kernel : summary.kernels) {
      if (kernel.outcome == outcome) {
        lines.push_back(kernel.archive_path + ": " + reasons_in_one_line(kernel));
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

std::string reasons_in_one_line(const KernelOutcome& kernel) {
  const auto shown = std::min(kernel.reasons.size(), kMostReasons);
  std::string line = fmt::format(
      "{}", fmt::join(kernel.reasons.begin(),
                      kernel.reasons.begin() + static_cast<std::ptrdiff_t>(shown), "; "));
  if (shown < kernel.reasons.size()) {
    line += fmt::format("; and {}", format_count(kernel.reasons.size() - shown, "more reason"));
  }
  return line;
}

std::string summary_text(const RunSummary& summary, const RunOptions& options) {
  const Totals totals = totals_of(summary, options.layout);
  Page page(manifest_of(options));
  add_objects(page, summary);
  add_kernels(page, summary, totals);
  page.headline("Bytes");
  page.row("archive", format_size(totals.archive_bytes));
  page.row("BTF", format_size(totals.btf_bytes));
  page.row("written", totals.written == 0
                          ? format_size(totals.written_bytes)
                          : fmt::format("{}, {:.1f} times smaller",
                                        format_size(totals.written_bytes), totals.times_smaller()));
  page.headline("Run");
  const double seconds = seconds_of(summary);
  page.row("time", seconds > 0 ? fmt::format("{}, {:.1f} kernels/s", format_duration(summary.wall),
                                             static_cast<double>(totals.read) / seconds)
                               : format_duration(summary.wall));
  page.row("manifest", printable(manifest_of(options)));
  return std::move(page).text();
}

Json summary_json(const RunSummary& summary, const RunOptions& options) {
  const Totals totals = totals_of(summary, options.layout);
  Json objects = Json::array();
  for (const ObjectSummary& object : summary.objects) {
    objects.push_back({{"name", object.name},
                       {"found_in", object.found_in},
                       {"relocations", object.relocations},
                       {"warnings", object.warnings}});
  }
  return {{"objects",
           {{"read", summary.objects.size()},
            {"relocations", summary.relocations},
            {"distinct_relocations", summary.distinct_relocations},
            {"list", std::move(objects)}}},
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
          {"seconds", seconds_of(summary)},
          {"manifest", manifest_of(options)}};
}

}  // namespace btfbatch::cli
