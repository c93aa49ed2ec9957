// The different contents of a run, each written once, or not at all where an earlier run's file
// serves.
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
  //
  // `earlier` is a file that holds just these bytes already, or empty. A new blob is not written
  // then, and the file must stay as it is for as long as the blob is needed.
  [[nodiscard]] Result<std::size_t> add(const ContentId& id, std::span<const std::byte> bytes,
                                        const std::filesystem::path& earlier = {});

  [[nodiscard]] std::size_t size() const { return blobs_.size(); }
  [[nodiscard]] const ContentId& id(std::size_t blob) const { return blobs_[blob].id; }

  // The file that holds the blob, and whether it is the store's own.
  [[nodiscard]] std::filesystem::path file(std::size_t blob) const;
  [[nodiscard]] bool is_own(std::size_t blob) const { return blobs_[blob].earlier.empty(); }

  [[nodiscard]] std::size_t byte_count(std::size_t blob) const { return blobs_[blob].size; }

  // The blob's bytes, read back. Fails, naming the file, where it does not hold them any more.
  [[nodiscard]] Result<std::string> read(std::size_t blob) const;

 private:
  struct Blob {
    ContentId id;
    std::size_t size = 0;           // bytes
    std::filesystem::path earlier;  // the file, where it is not the store's own
  };

  std::filesystem::path folder_;
  std::vector<Blob> blobs_;
  std::unordered_multimap<ContentId, std::size_t> blobs_of_;
};

}  // namespace btfbatch
