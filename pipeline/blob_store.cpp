#include "pipeline/blob_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/file.h"

namespace btfbatch {

std::filesystem::path BlobStore::file(std::size_t blob) const {
  return folder_ / fmt::format("{}.btf", blob);
}

Result<std::size_t> BlobStore::add(const ContentId& id, std::span<const std::byte> bytes) {
  const auto [first, last] = blobs_of_.equal_range(id);
  for (auto candidate = first; candidate != last; ++candidate) {
    const Blob& blob = blobs_[candidate->second];
    if (blob.size != bytes.size()) {
      continue;
    }
    const std::filesystem::path path = file(candidate->second);
    const Result<std::string> content = read_file(path, blob.size);
    if (!content) {
      return fail_within(path.string(), content.error());
    }
    if (std::ranges::equal(bytes_of(*content), bytes)) {
      return candidate->second;
    }
  }
  const std::size_t blob = blobs_.size();
  if (Result<void> written = write_new_file(file(blob), bytes, Sync::kNo); !written) {
    return std::unexpected(std::move(written).error());
  }
  blobs_.push_back({.id = id, .size = bytes.size()});
  blobs_of_.emplace(id, blob);
  return blob;
}

}  // namespace btfbatch
