// Which planned files lie at their paths already, so that they need not be written again.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string_view>

#include "pipeline/blob_store.h"
#include "pipeline/run.h"

namespace btfbatch {

// Not to be used from two threads at once. The arguments are borrowed.
class FilesInPlace {
 public:
  FilesInPlace(const BlobStore& blobs, Layout layout) : blobs_(blobs), layout_(layout) {}

  // Whether the regular file at `path` may stay where the blob is planned: it has the blob's bytes,
  // and its inode belongs to it alone, or, in the layout kHardlink, to those that stayed before for
  // the same blob. Remembers that it stays.
  [[nodiscard]] bool may_stay(const std::filesystem::path& path, std::size_t blob);

  // The first file that stays for the blob; nullptr where none does.
  [[nodiscard]] const std::filesystem::path* staying(std::size_t blob) const;

 private:
  const BlobStore& blobs_;
  Layout layout_;
  std::map<std::size_t, std::filesystem::path> staying_;  // by blob
};

// Whether a regular file, not a link to one, with this content lies at the path.
[[nodiscard]] bool holds_text(const std::filesystem::path& path, std::string_view text);

}  // namespace btfbatch
