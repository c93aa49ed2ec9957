#include "pipeline/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "pipeline/admission.h"

namespace btfbatch {

std::string dump_document(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void put_identity(Json& json, const KernelIdentity& identity) {
  json["distro"] = identity.distro;
  json["release"] = identity.release;
  json["arch"] = identity.arch;
  json["kernel"] = identity.kernel_release;
}

Json json_of(const Alias& alias) {
  return {{"path", alias.path}, {"target", alias.target}, {"is_directory", alias.is_directory}};
}

std::string reason_of(const Json::exception& broken) {
  if (const auto* unparsed = dynamic_cast<const Json::parse_error*>(&broken)) {
    return fmt::format("it is not JSON, from byte {} on", unparsed->byte);
  }
  // "[json.exception.out_of_range.403] key 'layout' not found"
  std::string_view text = broken.what();
  text.remove_prefix(std::min(text.size(), text.find("] ") + 2));
  constexpr int kNoSuchKey = 403;
  if (broken.id == kNoSuchKey && text.starts_with("key ") && text.ends_with(" not found")) {
    text.remove_prefix(std::string_view("key ").size());
    text.remove_suffix(std::string_view(" not found").size());
    return fmt::format("its field {} is missing", text);
  }
  return fmt::format("a field is not what it has to be: {}", text);
}

void check_document_version(const Json& json) {
  if (number_from<unsigned>(json, "format_version") != kDocumentVersion) {
    throw NotADocument{"its format version is not one that this version knows"};
  }
}

std::string path_from(const Json& json, const char* field) {
  std::string path = json.at(field).get<std::string>();
  if (const std::optional<Error> unfit = check_output_path(path)) {
    throw NotADocument{fmt::format("'{}': {}", path, unfit->message)};
  }
  return path;
}

ContentId content_id_from(const std::string& hex) {
  ContentId id;
  const auto parse = [&](std::size_t begin, std::uint64_t& number) {
    const char* const first = hex.data() + begin;
    const auto [end, error] = std::from_chars(first, first + 16, number, 16);
    return error == std::errc() && end == first + 16;
  };
  if (hex.size() != 32 || !parse(0, id.high) || !parse(16, id.low)) {
    throw NotADocument{fmt::format("'{}' is no hash", hex)};
  }
  return id;
}

KernelIdentity identity_from(const Json& json) {
  return {.distro = json.at("distro").get<std::string>(),
          .release = json.at("release").get<std::string>(),
          .arch = json.at("arch").get<std::string>(),
          .kernel_release = json.at("kernel").get<std::string>()};
}

Alias alias_from(const Json& json) {
  return {.path = path_from(json, "path"),
          .target = path_from(json, "target"),
          .is_directory = json.at("is_directory").get<bool>()};
}

}  // namespace btfbatch
