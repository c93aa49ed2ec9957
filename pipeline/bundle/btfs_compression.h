// The two forms of a .btfs file (core/find/btfbatch_find.h): stored, to be read in place, and
// compressed, to be shipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/error.h"

namespace btfbatch {

// Compresses a stored .btfs file: all behind its header becomes one zstd frame. Takes zstd's last
// level, which costs about a second for each 2 MB; `should_stop`, where given, is asked several
// times a second. The same file gives the same bytes with the same version of libzstd. Fails where
// `stored` is not a stored .btfs file, or asked to stop. Thread-safe.
[[nodiscard]] Result<std::vector<std::byte>> compress_btfs(
    std::span<const std::byte> stored, const std::function<bool()>& should_stop = {});

// The stored form of a .btfs file, which may be compressed or stored already; the bytes that
// compress_btfs was given. Checks the whole file. Fails where it is damaged, newer, or would be
// larger than `max_size` bytes. Thread-safe.
[[nodiscard]] Result<std::vector<std::byte>> expand_btfs(std::span<const std::byte> file,
                                                         std::uint64_t max_size = 4ULL << 30);

}  // namespace btfbatch
