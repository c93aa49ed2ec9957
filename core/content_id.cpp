#include "core/content_id.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <new>

namespace btfbatch {
namespace {

ContentId to_content_id(const XXH128_hash_t& hash) {
  return {.high = hash.high64, .low = hash.low64};
}

}  // namespace

std::string ContentId::hex() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

ContentId content_id_of(std::span<const std::byte> bytes) {
  return to_content_id(XXH3_128bits(bytes.data(), bytes.size()));
}

void ContentHasher::Free::operator()(XXH3_state_s* state) const {
  XXH3_freeState(state);
}

ContentHasher::ContentHasher() : state_(XXH3_createState()) {
  if (state_ == nullptr) {
    throw std::bad_alloc();
  }
  XXH3_128bits_reset(state_.get());
}

void ContentHasher::add(std::span<const std::byte> bytes) {
  XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
}

ContentId ContentHasher::id() const {
  return to_content_id(XXH3_128bits_digest(state_.get()));
}

}  // namespace btfbatch
