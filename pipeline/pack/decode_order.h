// In which order the kernels of a pack are best decoded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pipeline/pack/format.h"

namespace btfbatch {

// As many bytes of BTF of bases may lie ready at once, besides the one that is needed next.
inline constexpr std::uint64_t kMostReady = 24U << 20;

// The order in which to take kernels, as positions in `wanted`, which holds the blob of each. A
// kernel comes after the one that it is coded against, where that is wanted too, and soon after it,
// so that few bases have to be kept at once. Pure.
[[nodiscard]] std::vector<std::size_t> decode_order(std::span<const PackBlob> blobs,
                                                    std::span<const std::uint32_t> wanted);

}  // namespace btfbatch
