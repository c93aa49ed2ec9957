#include "pipeline/blob_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/file.h"

namespace btfbatch {

std::filesystem::path BlobStore::file(std::size_t blob) const {
  return is_own(blob) ? folder_ / fmt::format("{}.btf", blob) : blobs_[blob].earlier;
}

Result<std::string> BlobStore::read(std::size_t blob) const {
  Result<std::string> content = read_file(file(blob), blobs_[blob].size);
  // What lies in the store's own folder is only ours to change.
  if (content && (content->size() != blobs_[blob].size ||
                  (!is_own(blob) && content_id_of(bytes_of(*content)) != blobs_[blob].id))) {
    content = fail("has changed during this run");
  }
  if (!content) {
    return fail_within(file(blob).string(), std::move(content).error());
  }
  return content;
}

Result<std::size_t> BlobStore::add(const ContentId& id, std::span<const std::byte> bytes,
                                   const std::filesystem::path& earlier) {
  const auto [first, last] = blobs_of_.equal_range(id);
  for (auto candidate = first; candidate != last; ++candidate) {
    const Blob& blob = blobs_[candidate->second];
    if (blob.size != bytes.size()) {
      continue;
    }
    if (!earlier.empty() && blob.earlier == earlier) {
      return candidate->second;
    }
    const Result<std::string> content = read(candidate->second);
    if (!content) {
      return std::unexpected(content.error());
    }
    if (std::ranges::equal(bytes_of(*content), bytes)) {
      return candidate->second;
    }
  }
  const std::size_t blob = blobs_.size();
  blobs_.push_back({.id = id, .size = bytes.size(), .earlier = earlier});
  if (earlier.empty()) {
    if (Result<void> written = write_new_file(file(blob), bytes, Sync::kNo); !written) {
      blobs_.pop_back();
      return std::unexpected(std::move(written).error());
    }
  }
  blobs_of_.emplace(id, blob);
  return blob;
}

}  // namespace btfbatch
