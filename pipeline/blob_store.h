// The different contents of a run, each written once.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/content_id.h"
#include "core/error.h"

namespace btfbatch {

// Not to be used from two threads at once. Keeps no content in memory: what it has to compare, it
// reads back.
class BlobStore {
 public:
  // Writes into `folder`, which exists, is empty and belongs to the store alone.
  explicit BlobStore(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // The number of the blob that has these bytes, counted from 0; it is written where there is none
  // yet. `id` finds the candidates, the bytes decide: of two contents with one id, each has a blob.
  [[nodiscard]] Result<std::size_t> add(const ContentId& id, std::span<const std::byte> bytes);

  [[nodiscard]] std::size_t size() const { return blobs_.size(); }
  [[nodiscard]] const ContentId& id(std::size_t blob) const { return blobs_[blob].id; }

  // The file that holds the blob.
  [[nodiscard]] std::filesystem::path file(std::size_t blob) const;

 private:
  struct Blob {
    ContentId id;
    std::size_t size = 0;  // bytes
  };

  std::filesystem::path folder_;
  std::vector<Blob> blobs_;
  std::unordered_multimap<ContentId, std::size_t> blobs_of_;
};

}  // namespace btfbatch
