#include "pipeline/files_in_place.h"

#include <sys/stat.h>

#include <string>

#include "pipeline/file.h"

namespace btfbatch {
namespace {

bool is_regular_file_of(const std::filesystem::path& path, std::uint64_t size,
                        struct stat& status) {
  return lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         static_cast<std::uint64_t>(status.st_size) == size;
}

}  // namespace

bool FilesInPlace::may_stay(const std::filesystem::path& path, std::size_t blob) {
  struct stat status{};
  if (!is_regular_file_of(path, blobs_.byte_count(blob), status)) {
    return false;
  }
  if (const std::filesystem::path* const first = staying(blob)) {
    if (layout_ == Layout::kHardlink) {
      struct stat shared{};
      return lstat(first->c_str(), &shared) == 0 && status.st_dev == shared.st_dev &&
             status.st_ino == shared.st_ino;
    }
  }
  if (layout_ != Layout::kHardlink && status.st_nlink != 1) {
    return false;
  }
  if (blobs_.file(blob) != path) {  // else it was checked when the blob was added
    const Result<std::string> wanted = blobs_.read(blob);
    if (!wanted || !holds_text(path, *wanted)) {
      return false;
    }
  }
  staying_.emplace(blob, path);
  return true;
}

const std::filesystem::path* FilesInPlace::staying(std::size_t blob) const {
  const auto found = staying_.find(blob);
  return found == staying_.end() ? nullptr : &found->second;
}

bool holds_text(const std::filesystem::path& path, std::string_view text) {
  struct stat status{};
  return is_regular_file_of(path, text.size(), status) &&
         read_file(path, text.size()).value_or(std::string()) == text;
}

}  // namespace btfbatch
