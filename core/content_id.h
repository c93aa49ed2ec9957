// The name of a minimized BTF: what makes two results one.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

struct XXH3_state_s;

namespace btfbatch {

// XXH3-128 of some bytes. Not a proof of equality: whoever makes two outputs one compares the
// bytes.
struct ContentId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  auto operator<=>(const ContentId&) const = default;

  // 32 lower-case hex digits, most significant first (xxhsum's canonical form).
  [[nodiscard]] std::string hex() const;
};

// Hashes `bytes` (any length, may be empty). Thread-safe.
[[nodiscard]] ContentId content_id_of(std::span<const std::byte> bytes);

// The same for bytes that come in pieces. Not to be used from two threads at once.
class ContentHasher {
 public:
  ContentHasher();

  void add(std::span<const std::byte> bytes);

  // The id of all that was added so far.
  [[nodiscard]] ContentId id() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

}  // namespace btfbatch

template <>
struct std::hash<btfbatch::ContentId> {
  std::size_t operator()(const btfbatch::ContentId& id) const noexcept { return id.low; }
};
