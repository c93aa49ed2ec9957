#include "pipeline/output_check.h"

#include <fmt/format.h>

#include <optional>

#include "pipeline/file.h"

namespace btfbatch {
namespace {

// Why a link is not the planned one; nothing where it is.
std::optional<std::string> check_link(const std::filesystem::path& path, const std::string& link) {
  std::error_code error;
  const std::filesystem::path leads_to = std::filesystem::read_symlink(path, error);
  if (error) {
    return fmt::format("is no symbolic link to {}", link);
  }
  if (leads_to != link) {
    return fmt::format("leads to {}, not to {}", leads_to.string(), link);
  }
  return std::nullopt;
}

std::optional<std::string> check_bytes(const std::filesystem::path& path,
                                       const BlobIdentity& expected) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (!error && size != expected.size) {
    return fmt::format("has {} bytes, not the {} of the result", size, expected.size);
  }
  const Result<std::string> content = read_file(path, expected.size);
  if (!content) {
    return content.error().message;
  }
  if (const ContentId id = content_id_of(bytes_of(*content)); id != expected.id) {
    return fmt::format("has other bytes than the result: content id {}, not {}", id.hex(),
                       expected.id.hex());
  }
  return std::nullopt;
}

std::optional<std::string> check_path(const std::filesystem::path& path, const PlannedPath& planned,
                                      const std::function<BlobIdentity(std::size_t)>& identity_of) {
  std::error_code error;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, error))) {
    return "is missing";
  }
  if (!planned.link.empty()) {
    if (std::optional<std::string> wrong = check_link(path, planned.link)) {
      return wrong;
    }
  }
  if (planned.blob) {
    return check_bytes(path, identity_of(*planned.blob));
  }
  if (!std::filesystem::is_directory(path, error)) {
    return "leads to no folder";
  }
  return std::nullopt;
}

}  // namespace

std::vector<Misplaced> check_output(const std::filesystem::path& root, const OutputPlan& plan,
                                    const std::function<BlobIdentity(std::size_t)>& identity_of) {
  std::vector<Misplaced> misplaced;
  for (const auto& [path, planned] : plan) {
    if (std::optional<std::string> wrong = check_path(root / path, planned, identity_of)) {
      misplaced.push_back({.path = path, .reason = *std::move(wrong)});
    }
  }
  return misplaced;
}

}  // namespace btfbatch
