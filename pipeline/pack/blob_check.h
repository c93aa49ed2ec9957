// Which blobs of a pack can be read.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/error.h"
#include "pipeline/pack/pack_file.h"

namespace btfbatch {

// Looks at the checksum of each blob that it is asked about, once. Not to be used from two threads
// at once.
class BlobCheck {
 public:
  // `pack` is borrowed.
  explicit BlobCheck(const PackFile& pack) : pack_(pack), known_(pack.index().blobs.size()) {}

  // Why a blob, or one that it is coded against, cannot be read; nothing where all of them can.
  [[nodiscard]] const std::optional<Error>& failure_of(std::uint32_t blob);

 private:
  [[nodiscard]] std::optional<Error> look_at(std::uint32_t blob,
                                             std::optional<Error> base_failure) const;

  const PackFile& pack_;
  std::vector<std::optional<std::optional<Error>>> known_;
};

}  // namespace btfbatch
