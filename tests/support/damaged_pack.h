// What a kernel was coded to, damaged behind its compression: bytes changed blindly hardly ever get
// past zstd.
#pragma once

#include <cstddef>
#include <random>
#include <span>
#include <vector>

namespace btfbatch::test {

// `coded` as encode_whole or encode_delta gave it. A few bytes of its streams are changed, put in
// or taken out, and the streams stored uncompressed.
[[nodiscard]] std::vector<std::byte> damage_streams(std::span<const std::byte> coded,
                                                    std::minstd_rand& random);

}  // namespace btfbatch::test
