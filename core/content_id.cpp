#include "core/content_id.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace btfbatch {

std::string ContentId::hex() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

ContentId content_id_of(std::span<const std::byte> bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {.high = hash.high64, .low = hash.low64};
}

}  // namespace btfbatch
