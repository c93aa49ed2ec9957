// Writing a pack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "core/content_id.h"
#include "core/error.h"
#include "pipeline/pack/format.h"
#include "pipeline/staged_file.h"

namespace btfbatch {

// Takes the blobs as they come, and the index last; nothing of it shows under the final name before
// place(). Not to be used from two threads at once. Errors name the file.
class PackWriter {
 public:
  explicit PackWriter(StagedFile file) : file_(std::move(file)) {}

  // Leaves room for the index that is to come, which has as many records, and the same texts, as
  // this one. To be called once, first.
  [[nodiscard]] Result<void> begin(const PackIndex& index);

  // Appends a blob, and fills in where it lies and its checksum.
  [[nodiscard]] Result<void> add(std::span<const std::byte> coded, PackBlob& blob);

  // Writes both copies of the index, and sees to it that all of it reaches the disk. Returns the
  // size of the file.
  [[nodiscard]] Result<std::uint64_t> finish(const PackIndex& index);

  // Gives the file its name.
  [[nodiscard]] Result<void> place() { return file_.place(); }

 private:
  StagedFile file_;
  PackHeader header_;
  ContentHasher blobs_;
};

}  // namespace btfbatch
