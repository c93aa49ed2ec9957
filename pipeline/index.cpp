#include "pipeline/index.h"

#include <fmt/format.h>

#include <map>
#include <tuple>

#include "pipeline/json_fields.h"

namespace btfbatch {
namespace {

Index index_from(const Json& json) {
  check_document_version(json);
  Index index;
  for (const Json& kernel : json.at("kernels")) {
    index.kernels.push_back(
        {.path = path_from(kernel, "path"),
         .identity = identity_from(kernel),
         .content_id = content_id_from(kernel.at("content_id").get<std::string>()),
         .blob = path_from(kernel, "blob")});
  }
  for (const Json& alias : json.at("aliases")) {
    index.aliases.push_back(alias_from(alias));
  }
  return index;
}

}  // namespace

bool IndexedKernel::operator==(const IndexedKernel& other) const {
  const auto all_of = [](const IndexedKernel& kernel) {
    return std::tie(kernel.path, kernel.identity.distro, kernel.identity.release,
                    kernel.identity.arch, kernel.identity.kernel_release, kernel.content_id,
                    kernel.blob);
  };
  return all_of(*this) == all_of(other);
}

std::string write_index(const Manifest& manifest) {
  std::map<std::string_view, Json> by_path;
  for (std::size_t i = 0; i < manifest.run.kernels.size(); ++i) {
    const KernelOutcome& kernel = manifest.run.kernels[i];
    if (kernel.outcome == Outcome::kFailed) {
      continue;
    }
    Json& json = by_path[kernel.output_path];
    json["path"] = kernel.output_path;
    put_identity(json, kernel.identity);
    json["content_id"] = kernel.content_id.hex();
    json["blob"] = fmt::format("blobs/{}.btf", manifest.blob_names[i]);
  }
  Json index;
  index["format_version"] = kDocumentVersion;
  index["kernels"] = Json::array();
  for (auto& [path, json] : by_path) {
    index["kernels"].push_back(std::move(json));
  }
  index["aliases"] = Json::array();
  for (Alias alias : manifest.run.aliases) {
    if (!alias.is_directory) {
      alias.path = output_path_of(alias.path);
      alias.target = output_path_of(alias.target);
    }
    index["aliases"].push_back(json_of(alias));
  }
  return dump_document(index);
}

Result<Index> read_index(std::string_view text) {
  return read_document(text, index_from);
}

}  // namespace btfbatch
