// Reading and writing all of something, which the system does in as many pieces as it likes, and
// from the beginning again where a signal comes in between.
//
// Errors say "cannot be read" or "cannot be written" and why, and do not carry the path. From
// several threads at once: those that name an offset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/error.h"
#include "pipeline/file.h"

namespace btfbatch {

// Fills `bytes` from where the file stands, or as many of them as there still are; how many.
[[nodiscard]] Result<std::size_t> read_all(const UniqueFd& fd, std::span<std::byte> bytes);
// The same from `offset` on.
[[nodiscard]] Result<std::size_t> read_all_at(const UniqueFd& fd, std::uint64_t offset,
                                              std::span<std::byte> bytes);

[[nodiscard]] Result<void> write_all(const UniqueFd& fd, std::span<const std::byte> bytes);
[[nodiscard]] Result<void> write_all_at(const UniqueFd& fd, std::uint64_t offset,
                                        std::span<const std::byte> bytes);

}  // namespace btfbatch
