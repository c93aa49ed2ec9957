// Decoding what encode.h coded.
#pragma once

#include <cstddef>
#include <span>

#include "core/error.h"
#include "core/pack/plain_btf.h"

namespace btfbatch::pack {

// Fills `out` with the BTF; see decode_delta in delta.h.
[[nodiscard]] Result<void> rebuild(const PlainBtf& base, std::span<const std::byte> coded,
                                   std::span<std::byte> out);

}  // namespace btfbatch::pack
