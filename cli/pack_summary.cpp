#include "cli/pack_summary.h"

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/page.h"
#include "cli/text.h"
#include "cli/units.h"
#include "core/kernel_identity.h"

namespace btfbatch::cli {
namespace {

using Json = nlohmann::ordered_json;

// Of the documents on standard output; fields may be added within one.
constexpr unsigned kVersion = 1;

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

PackSeries total_of(const std::vector<PackSeries>& series) {
  PackSeries total;
  total.name = "all";
  for (const PackSeries& one : series) {
    total.kernels += one.kernels;
    total.unique += one.unique;
    total.btf_bytes += one.btf_bytes;
    total.archive_bytes += one.archive_bytes;
    total.pack_bytes += one.pack_bytes;
  }
  return total;
}

std::string series_row(const PackSeries& series) {
  return fmt::format("{:>7} {:>7} {:>10} {:>10} {:>10} {:>6.1f} %  {}\n", series.kernels,
                     series.unique, format_size(series.btf_bytes),
                     format_size(series.archive_bytes), format_size(series.pack_bytes),
                     percent(series.pack_bytes, series.archive_bytes), printable(series.name));
}

Json json_of(const PackSeries& series) {
  return {{"kernels", series.kernels},
          {"unique", series.unique},
          {"btf_bytes", series.btf_bytes},
          {"archive_bytes", series.archive_bytes},
          {"packed_bytes", series.pack_bytes}};
}

}  // namespace

std::string pack_summary_text(const PackSummary& summary, const PackOptions& options) {
  Page page("see btfbatch pack --list " + printable(options.out.string()));
  page.headline("Kernels");
  page.row("read", summary.kernels + summary.failures.size());
  page.row("packed", summary.kernels);
  page.row("unique", summary.unique);
  if (!options.base.empty()) {
    page.row("unchanged", fmt::format("{} taken over from the base", summary.unchanged));
  }
  page.row("failed", summary.failures.size());
  std::vector<std::string> lines;
  for (const PackFailure& failure : summary.failures) {
    lines.push_back(failure.path + ": " + failure.reason);
  }
  page.list(lines);
  if (summary.filtered_out > 0) {
    page.row("left out", fmt::format("{} by the filters", summary.filtered_out));
  }
  if (summary.aliases > 0) {
    page.row("aliases", format_count(summary.aliases, "path"));
  }
  if (summary.ignored > 0) {
    page.row("ignored", format_count(summary.ignored, "file") + " that hold no kernel");
  }
  page.headline("Bytes");
  page.row("archive", format_size(summary.archive_bytes));
  page.row("BTF", format_size(summary.btf_bytes));
  page.row("pack", fmt::format("{}, {:.1f} % of the archive, {:.2f} % of the BTF",
                               format_size(summary.pack_bytes),
                               percent(summary.pack_bytes, summary.archive_bytes),
                               percent(summary.pack_bytes, summary.btf_bytes)));
  page.headline("Run");
  page.row("time", format_duration(summary.wall));
  page.row("pack", printable(options.out.string()));
  return std::move(page).text();
}

Json pack_summary_json(const PackSummary& summary, const PackOptions& options) {
  return {{"kernels",
           {{"read", summary.kernels + summary.failures.size()},
            {"packed", summary.kernels},
            {"unique", summary.unique},
            {"unchanged", summary.unchanged},
            {"failed", summary.failures.size()},
            {"left_out", summary.filtered_out}}},
          {"bytes",
           {{"archive", summary.archive_bytes},
            {"btf", summary.btf_bytes},
            {"pack", summary.pack_bytes}}},
          {"seconds", std::chrono::duration<double>(summary.wall).count()},
          {"pack", options.out.string()}};
}

std::string pack_list_text(const PackIndex& index) {
  std::string text =
      fmt::format("{:>10} {:>10}  {:32}  {}\n", "BTF", "packed", "XXH3-128", "kernel");
  for (const PackKernel& kernel : index.kernels) {
    const PackBlob& blob = index.blobs[kernel.blob];
    text += fmt::format("{:>10} {:>10}  {}  {}\n", blob.btf_size, blob.size, blob.id.hex(),
                        printable(kernel.path));
  }
  for (const PackFailure& failure : index.failures) {
    text += fmt::format("failed   {}: {}\n", printable(failure.path), printable(failure.reason));
  }
  for (const Alias& alias : index.aliases) {
    text += fmt::format("alias    {} -> {}\n", printable(alias.path), printable(alias.target));
  }
  for (const std::string& path : index.ignored) {
    text += fmt::format("ignored  {}\n", printable(path));
  }
  return text;
}

Json pack_list_json(const PackIndex& index) {
  Json json = {{"format_version", kVersion},
               {"kernels", Json::array()},
               {"failures", Json::array()},
               {"aliases", Json::array()},
               {"ignored", index.ignored}};
  for (const PackKernel& kernel : index.kernels) {
    const PackBlob& blob = index.blobs[kernel.blob];
    const KernelIdentity identity = identify_kernel(kernel.path);
    Json& row = json["kernels"].emplace_back(Json{{"archive_path", kernel.path},
                                                  {"distro", identity.distro},
                                                  {"release", identity.release},
                                                  {"arch", identity.arch},
                                                  {"kernel", identity.kernel_release},
                                                  {"btf_size", blob.btf_size},
                                                  {"compressed_size", kernel.compressed_size},
                                                  {"packed_size", blob.size},
                                                  {"content_id", blob.id.hex()},
                                                  {"source_hash", kernel.source_hash.hex()}});
    if (blob.base) {
      row["base"] = index.blobs[*blob.base].id.hex();
    }
  }
  for (const PackFailure& failure : index.failures) {
    json["failures"].push_back({{"archive_path", failure.path},
                                {"reason", failure.reason},
                                {"compressed_size", failure.compressed_size}});
  }
  for (const Alias& alias : index.aliases) {
    json["aliases"].push_back(
        {{"path", alias.path}, {"target", alias.target}, {"is_directory", alias.is_directory}});
  }
  return json;
}

std::string pack_stats_text(const PackIndex& index) {
  const std::vector<PackSeries> series = series_of(index);
  std::string text = fmt::format("{:>7} {:>7} {:>10} {:>10} {:>10} {:>8}  {}\n", "kernels",
                                 "unique", "BTF", "xz", "packed", "of xz", "series of");
  for (const PackSeries& one : series) {
    text += series_row(one);
  }
  return text + series_row(total_of(series));
}

Json pack_stats_json(const PackIndex& index) {
  const std::vector<PackSeries> series = series_of(index);
  Json json = {{"format_version", kVersion},
               {"series", Json::array()},
               {"total", json_of(total_of(series))}};
  for (const PackSeries& one : series) {
    Json row = {{"name", one.name}};
    row.update(json_of(one));
    row["depth"] = one.depth;
    json["series"].push_back(std::move(row));
  }
  return json;
}

std::string pack_check_text(const PackCheck& check) {
  Page page("see --json");
  page.headline("Kernels");
  page.row("whole", check.kernels);
  page.row("damaged", check.damaged.size());
  page.headline("File");
  page.row("problems", check.problems.size());
  page.list(check.problems);
  page.row("time", format_duration(check.wall));
  page.row("result", check.is_whole() ? "whole" : "damaged");
  return std::move(page).text();
}

Json pack_check_json(const PackCheck& check) {
  Json json = {{"format_version", kVersion},
               {"whole", check.is_whole()},
               {"kernels", check.kernels},
               {"damaged", Json::array()},
               {"problems", check.problems}};
  for (const PackCheck::Damaged& damaged : check.damaged) {
    json["damaged"].push_back({{"archive_path", damaged.path}, {"reason", damaged.reason}});
  }
  return json;
}

}  // namespace btfbatch::cli
