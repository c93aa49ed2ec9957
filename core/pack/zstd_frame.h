// zstd as the pack uses it: one frame in memory, with or without a prefix to refer back to.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/error.h"

struct ZSTD_DCtx_s;

namespace btfbatch {

// Compresses `bytes` as what follows `prefix` (may be empty). The frame holds neither its size nor
// a checksum. At most 1 GiB each. Thread-safe.
[[nodiscard]] Result<std::vector<std::byte>> compress_frame(std::span<const std::byte> bytes,
                                                            std::span<const std::byte> prefix,
                                                            int level);

// Expands frames, one after the other. Not to be used from two threads at once.
class FrameExpander {
 public:
  FrameExpander();

  // Fails unless `frame` decodes to exactly out.size() bytes.
  [[nodiscard]] Result<void> expand(std::span<const std::byte> frame,
                                    std::span<const std::byte> prefix, std::span<std::byte> out);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

}  // namespace btfbatch
