// zstd as the pack uses it: one frame in memory, with or without a prefix to refer back to.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/error.h"

namespace btfbatch {

// Compresses `bytes` as what follows `prefix` (may be empty). The frame holds neither its size nor
// a checksum. At most 1 GiB each. Thread-safe.
[[nodiscard]] Result<std::vector<std::byte>> compress_frame(std::span<const std::byte> bytes,
                                                            std::span<const std::byte> prefix,
                                                            int level);

// Fails unless `frame` decodes to exactly out.size() bytes. Thread-safe.
[[nodiscard]] Result<void> expand_frame(std::span<const std::byte> frame,
                                        std::span<const std::byte> prefix,
                                        std::span<std::byte> out);

}  // namespace btfbatch
