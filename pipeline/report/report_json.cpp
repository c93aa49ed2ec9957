#include "pipeline/report/report_json.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>

#include "pipeline/report/answers_json.h"
#include "pipeline/report/broken.h"

namespace btfbatch {
namespace {

constexpr std::array<std::string_view, 3> kOutcomeNames = {"minimized", "degraded", "failed"};

void add_objects(Json& json, const RunSummary& run) {
  Json answers = json_of(run.answers, SourceLines::kIncluded);
  for (std::size_t i = 0; i < run.objects.size() && i < answers["objects"].size(); ++i) {
    const ObjectSummary& summary = run.objects[i];
    if (!summary.found_in.empty()) {
      answers["objects"][i]["found_in"] = summary.found_in;
    }
    if (!summary.warnings.empty()) {
      answers["objects"][i]["warnings"] = summary.warnings;
    }
  }
  json["objects"] = std::move(answers["objects"]);
  json["results"] = std::move(answers["results"]);
}

struct Sums {
  std::uint64_t archive = 0;
  std::uint64_t btf = 0;
  std::uint64_t minimized = 0;
  std::uint64_t unique = 0;
};

Sums add_kernels(Json& json, const RunSummary& run) {
  Sums sums;
  std::unordered_map<ContentId, std::size_t> contents;
  json["kernels"] = Json::array();
  for (const std::size_t i : kernels_by_version(run)) {
    const KernelOutcome& kernel = run.kernels[i];
    Json row;
    row["path"] = kernel.archive_path;
    put_identity(row, kernel.identity);
    row["outcome"] = kOutcomeNames[static_cast<std::size_t>(kernel.outcome)];
    if (!kernel.reasons.empty()) {
      row["reasons"] = kernel.reasons;
    }
    row["compressed_size"] = kernel.compressed_size;
    row["btf_size"] = kernel.btf_size;
    row["minimized_size"] = kernel.minimized_size;
    sums.archive += kernel.compressed_size;
    if (kernel.outcome != Outcome::kFailed) {
      sums.btf += kernel.btf_size;
      sums.minimized += kernel.minimized_size;
      const auto [content, is_new] = contents.emplace(kernel.content_id, contents.size());
      sums.unique += is_new ? kernel.minimized_size : 0;
      row["content"] = content->second;
    }
    if (kernel.result != AnswerTable::kNoResult) {
      row["result"] = kernel.result;
    }
    json["kernels"].push_back(std::move(row));
  }
  return sums;
}

Json json_of(const BrokenSpan& span) {
  Json json = {{"distro", span.distro}, {"arch", span.arch},       {"from", span.from},
               {"to", span.to},         {"kernels", span.kernels}, {"all", span.is_everywhere()},
               {"reason", span.reason}};
  if (!span.instead.text.empty()) {
    json["instead"] = span.instead.text;
  }
  return json;
}

Json json_of(const BrokenRelocation& broken) {
  Json json = {{"object", broken.object},
               {"relocation", broken.relocation},
               {"state", relocation_state_name(broken.state)}};
  json["programs"] = Json::array();
  for (const std::uint32_t program : broken.programs) {
    json["programs"].push_back(program == RelocationSite::kNoProgram ? Json() : Json(program));
  }
  json["kernels"] = broken.kernels;
  json["missing"] = Json::array();
  for (const BrokenSpan& span : broken.spans) {
    json["missing"].push_back(json_of(span));
  }
  return json;
}

}  // namespace

std::string write_report_json(const RunSummary& run) {
  Json json;
  json["format_version"] = kReportVersion;
  json["tool"] = {{"name", "btfbatch"}, {"version", BTFBATCH_VERSION}};
  add_objects(json, run);
  const Sums sums = add_kernels(json, run);
  json["broken"] = Json::array();
  for (const BrokenRelocation& broken : find_broken(run)) {
    json["broken"].push_back(json_of(broken));
  }
  json["totals"] = {{"kernels", run.kernels.size()},
                    {"minimized", run.count(Outcome::kMinimized)},
                    {"degraded", run.count(Outcome::kDegraded)},
                    {"failed", run.count(Outcome::kFailed)},
                    {"broken_kernels", count_broken_kernels(run)},
                    {"broken_relocations", json["broken"].size()},
                    {"unique", run.unique},
                    {"archive_bytes", sums.archive},
                    {"btf_bytes", sums.btf},
                    {"minimized_bytes", sums.minimized},
                    {"unique_bytes", sums.unique}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace btfbatch
