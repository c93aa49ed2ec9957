// What a decoder takes for granted of what it has decoded, looked at.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/pack/delta.h"

namespace btfbatch::test {

// What is wrong with `base`, which decoding has made of `btf`; empty where nothing is. It must have
// a view where making one of the bytes gives one, the same, and what is decoded against it must
// come to the same: `coded`, any bytes, is tried, `size` being the raw size.
[[nodiscard]] std::string disprove(const DecoderBase& base, std::span<const std::byte> btf,
                                   std::span<const std::byte> coded, std::size_t size);

}  // namespace btfbatch::test
