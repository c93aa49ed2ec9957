#include "pipeline/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "pipeline/json_fields.h"
#include "pipeline/report/answers_json.h"

namespace btfbatch {
namespace {

constexpr std::array<std::string_view, 3> kOutcomeNames = {"minimized", "degraded", "failed"};

std::string_view outcome_name(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

Json json_of(const ObjectSummary& object) {
  Json json;
  json["name"] = object.name;
  if (!object.found_in.empty()) {
    json["found_in"] = object.found_in;
  }
  json["relocations"] = object.relocations;
  json["programs"] = object.programs;
  json["has_btf_ext"] = object.has_btf_ext;
  if (!object.warnings.empty()) {
    json["warnings"] = object.warnings;
  }
  return json;
}

Json json_of(const KernelOutcome& kernel, const std::string& blob_name) {
  const bool is_written = kernel.outcome != Outcome::kFailed;
  Json json;
  json["archive_path"] = kernel.archive_path;
  if (is_written) {
    json["path"] = kernel.output_path;
  }
  put_identity(json, kernel.identity);
  json["outcome"] = outcome_name(kernel.outcome);
  if (!kernel.reasons.empty()) {
    json["reasons"] = kernel.reasons;
  }
  if (is_written) {
    json["content_id"] = kernel.content_id.hex();
    if (blob_name != kernel.content_id.hex()) {
      json["blob"] = blob_name;
    }
    if (kernel.source_hash) {
      json["source_hash"] = kernel.source_hash->hex();
    }
  }
  json["compressed_size"] = kernel.compressed_size;
  json["btf_size"] = kernel.btf_size;
  if (is_written) {
    json["minimized_size"] = kernel.minimized_size;
    json["types"] = kernel.type_count;
    if (kernel.result != AnswerTable::kNoResult) {
      json["result"] = kernel.result;
    }
    const Machine usual;
    if (kernel.machine.pointer_size != usual.pointer_size || kernel.machine.big_endian) {
      json["pointer_size"] = kernel.machine.pointer_size;
      json["big_endian"] = kernel.machine.big_endian;
    }
  }
  return json;
}

Json totals_of(const RunSummary& run) {
  const std::size_t failed = run.count(Outcome::kFailed);
  std::uint64_t btf_bytes = 0;
  std::uint64_t minimized_bytes = 0;
  for (const KernelOutcome& kernel : run.kernels) {
    if (kernel.outcome != Outcome::kFailed) {
      btf_bytes += kernel.btf_size;
      minimized_bytes += kernel.minimized_size;
    }
  }
  Json json;
  json["kernels"] = run.kernels.size();
  json["minimized"] = run.count(Outcome::kMinimized);
  json["degraded"] = run.count(Outcome::kDegraded);
  json["failed"] = failed;
  json["unique"] = run.unique;
  json["duplicate"] = run.kernels.size() - failed - run.unique;
  json["filtered_out"] = run.filtered_out;
  json["btf_bytes"] = btf_bytes;
  json["minimized_bytes"] = minimized_bytes;
  return json;
}

Outcome outcome_from(const std::string& name) {
  const auto found = std::ranges::find(kOutcomeNames, name);
  if (found == kOutcomeNames.end()) {
    throw NotADocument{fmt::format("'{}' is no outcome", name)};
  }
  return static_cast<Outcome>(found - kOutcomeNames.begin());
}

ObjectSummary object_from(const Json& json) {
  return {.name = json.at("name").get<std::string>(),
          .found_in = json.value("found_in", ""),
          .relocations = number_from<std::size_t>(json, "relocations"),
          .programs = number_from<std::size_t>(json, "programs"),
          .has_btf_ext = json.at("has_btf_ext").get<bool>(),
          .warnings = json.value("warnings", std::vector<std::string>())};
}

// Appends the kernel and the name of its blob.
void kernel_from(const Json& json, Manifest& manifest) {
  KernelOutcome kernel;
  kernel.archive_path = json.at("archive_path").get<std::string>();
  kernel.identity = identity_from(json);
  kernel.outcome = outcome_from(json.at("outcome").get<std::string>());
  kernel.reasons = json.value("reasons", std::vector<std::string>());
  kernel.compressed_size = number_from<std::uint64_t>(json, "compressed_size");
  kernel.btf_size = number_from<std::uint64_t>(json, "btf_size");
  std::string blob_name;
  if (kernel.outcome != Outcome::kFailed) {
    kernel.output_path = path_from(json, "path");
    const std::string content_id = json.at("content_id").get<std::string>();
    kernel.content_id = content_id_from(content_id);
    blob_name = json.contains("blob") ? path_from(json, "blob") : content_id;
    if (json.contains("source_hash")) {
      kernel.source_hash = content_id_from(json.at("source_hash").get<std::string>());
    }
    kernel.minimized_size = number_from<std::uint64_t>(json, "minimized_size");
    kernel.type_count = number_from<std::uint32_t>(json, "types");
    if (json.contains("result")) {
      kernel.result = number_from<std::size_t>(json, "result");
      if (kernel.result >= manifest.run.answers.results.size()) {
        throw NotADocument{"result: not one of the answers"};
      }
    }
    if (json.contains("pointer_size")) {
      kernel.machine = {.pointer_size = number_from<std::uint32_t>(json, "pointer_size"),
                        .big_endian = json.at("big_endian").get<bool>()};
    }
  }
  manifest.run.kernels.push_back(std::move(kernel));
  manifest.blob_names.push_back(std::move(blob_name));
}

// The other documents that are easily given in place of a manifest.
void refuse_others(const Json& json) {
  if (json.contains("layout")) {
    return;
  }
  if (json.contains("results") && json.contains("broken")) {
    throw NotADocument{"it is a report"};
  }
  if (json.contains("kernels") && json.contains("aliases") && !json.contains("tool")) {
    throw NotADocument{"it is an index.json"};
  }
}

Manifest manifest_from(const Json& json) {
  refuse_others(json);
  check_document_version(json);
  Manifest manifest;
  manifest.tool_version = json.at("tool").at("version").get<std::string>();
  const auto layout = layout_of_name(json.at("layout").get<std::string>());
  if (!layout) {
    throw NotADocument{"its layout is not one that this version knows"};
  }
  manifest.layout = *layout;
  if (json.contains("fingerprint")) {
    manifest.output_version = number_from<std::uint32_t>(json, "output_version");
    manifest.fingerprint = content_id_from(json.at("fingerprint").get<std::string>());
    manifest.max_btf_size = number_from<std::uint64_t>(json, "max_btf_size");
  }
  for (const Json& object : json.at("objects")) {
    manifest.run.objects.push_back(object_from(object));
  }
  manifest.run.relocations = number_from<std::size_t>(json, "relocations");
  manifest.run.distinct_relocations = number_from<std::size_t>(json, "distinct_relocations");
  if (json.contains("answers")) {
    manifest.run.answers = answers_from(json.at("answers"));
  }
  for (const Json& kernel : json.at("kernels")) {
    kernel_from(kernel, manifest);
  }
  for (const Json& alias : json.at("aliases")) {
    manifest.run.aliases.push_back(alias_from(alias));
  }
  manifest.run.ignored = json.at("ignored").get<std::vector<std::string>>();
  manifest.run.filtered_out = number_from<std::size_t>(json.at("totals"), "filtered_out");
  manifest.run.unique = number_from<std::size_t>(json.at("totals"), "unique");
  return manifest;
}

}  // namespace

std::vector<WrittenKernel> Manifest::written_kernels() const {
  std::map<std::string_view, std::size_t> numbers;
  for (const std::string& name : blob_names) {
    numbers.emplace(name, 0);
  }
  numbers.erase("");
  std::size_t count = 0;
  for (auto& [name, number] : numbers) {
    number = count++;
  }
  std::vector<WrittenKernel> written;
  for (std::size_t i = 0; i < run.kernels.size(); ++i) {
    const KernelOutcome& kernel = run.kernels[i];
    if (kernel.outcome != Outcome::kFailed) {
      written.push_back({.archive_path = kernel.archive_path,
                         .output_path = kernel.output_path,
                         .blob = numbers.at(blob_names[i]),
                         .blob_name = blob_names[i]});
    }
  }
  return written;
}

std::string write_manifest(const Manifest& manifest) {
  const RunSummary& run = manifest.run;
  Json json;
  json["format_version"] = kDocumentVersion;
  json["tool"] = {{"name", "btfbatch"}, {"version", manifest.tool_version}};
  json["layout"] = layout_name(manifest.layout);
  json["output_version"] = manifest.output_version;
  json["fingerprint"] = manifest.fingerprint.hex();
  json["max_btf_size"] = manifest.max_btf_size;
  json["objects"] = Json::array();
  for (const ObjectSummary& object : run.objects) {
    json["objects"].push_back(json_of(object));
  }
  json["relocations"] = run.relocations;
  json["distinct_relocations"] = run.distinct_relocations;
  json["kernels"] = Json::array();
  for (std::size_t i = 0; i < run.kernels.size(); ++i) {
    json["kernels"].push_back(json_of(run.kernels[i], manifest.blob_names[i]));
  }
  json["aliases"] = Json::array();
  for (const Alias& alias : run.aliases) {
    json["aliases"].push_back(json_of(alias));
  }
  json["ignored"] = run.ignored;
  json["totals"] = totals_of(run);
  // The answers last and on one line: the rest is for people to read.
  std::string text = dump_document(json);
  text.resize(text.rfind('\n', text.size() - 2));
  text += ",\n \"answers\": ";
  text += json_of(run.answers, SourceLines::kLeftOut)
              .dump(-1, ' ', false, Json::error_handler_t::replace);
  return text + "\n}\n";
}

Result<Manifest> read_manifest(std::string_view text) {
  return read_document(text, manifest_from);
}

}  // namespace btfbatch
