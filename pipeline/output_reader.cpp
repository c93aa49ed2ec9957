#include "pipeline/output_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>

#include "pipeline/output_folder.h"
#include "pipeline/output_plan.h"

namespace btfbatch {
namespace {

// Far above any minimized BTF.
constexpr std::uint64_t kLargestBtf = 1ULL << 30;

std::unexpected<RunError> refuse(RunError::Kind kind, const std::filesystem::path& out,
                                 std::string_view reason) {
  return std::unexpected(RunError{
      .kind = kind, .error = {.message = fmt::format("--out {}: {}", out.string(), reason)}});
}

Result<Manifest> manifest_in(const std::filesystem::path& root) {
  const Result<std::string> text = read_file(root / kManifestName, kLargestDocument);
  return text ? read_manifest(*text) : std::unexpected(text.error());
}

Result<Index> index_in(const std::filesystem::path& root) {
  const Result<std::string> text = read_file(root / kIndexName, kLargestDocument);
  return text ? read_index(*text) : std::unexpected(text.error());
}

}  // namespace

std::expected<OutputReader, RunError> OutputReader::open(const std::filesystem::path& out) {
  OutputReader reader;
  reader.lock_ = UniqueFd(::open(out.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (reader.lock_.get() < 0) {
    return refuse(RunError::Kind::kUsage, out, errno_text(errno));
  }
  // Shared with other readers. A file system without locks has none to be kept from.
  if (flock(reader.lock_.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return refuse(RunError::Kind::kOutput, out, "a run is just writing into it");
  }
  reader.root_ = out;
  reader.manifest_ = manifest_in(out);
  std::error_code error;
  const bool has_index = reader.manifest_ ? reader.manifest_->layout == Layout::kIndexed
                                          : std::filesystem::exists(out / kIndexName, error);
  if (has_index) {
    reader.index_ = index_in(out);
    if (*reader.index_) {
      for (const IndexedKernel& kernel : (*reader.index_)->kernels) {
        reader.indexed_.emplace(kernel.path, kernel.blob);
      }
    }
  }
  return reader;
}

bool OutputReader::was_interrupted() const {
  std::error_code error;
  return std::filesystem::exists(root_ / kStagingName, error);
}

std::string OutputReader::file_of(std::string_view output_path) const {
  if (!index_) {
    return std::string(output_path);
  }
  const auto found = indexed_.find(output_path);
  return found == indexed_.end() ? std::string() : found->second;
}

Result<std::optional<std::string>> OutputReader::read(std::string_view output_path) const {
  const std::string file = file_of(output_path);
  std::error_code error;
  if (file.empty() ||
      !std::filesystem::exists(std::filesystem::symlink_status(root_ / file, error))) {
    return std::nullopt;
  }
  Result<std::string> content = read_file(root_ / file, kLargestBtf);
  if (!content) {
    return std::unexpected(std::move(content).error());
  }
  return *std::move(content);
}

std::vector<std::string> OutputReader::btf_files() const {
  std::vector<std::string> files;
  std::error_code error;
  // What cannot be read is told by whoever needs it.
  for (std::filesystem::recursive_directory_iterator
           it(root_, std::filesystem::directory_options::skip_permission_denied, error),
       end;
       !error && it != end; it.increment(error)) {
    const std::filesystem::path& path = it->path();
    const bool is_folder = std::filesystem::is_directory(it->symlink_status(error));
    if (is_folder && path.filename().string().starts_with('.')) {
      it.disable_recursion_pending();
    } else if (!is_folder && path.extension() == ".btf") {
      files.push_back(path.lexically_relative(root_).string());
    }
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace btfbatch
