// The numbers of a coded kernel, sorted into streams of one sort each and compressed stream by
// stream: what is alike stands together, where zstd finds it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/error.h"

namespace btfbatch::pack {

enum class Stream : std::uint8_t {
  kHead,  // sizes and counts
  kSegmentOps,
  kSegmentCounts,
  kSegmentBases,
  kKinds,
  kElementCounts,
  kSizes,
  kTails,         // words that only some kinds have
  kHeadNames,     // symbols: how a type's own name is told
  kElementNames,  // the same for members, parameters and enumerators
  kNames,         // names told by their ordinal
  kHeadRefs,      // symbols: how a type ID is told
  kElementRefs,
  kNearRefs,
  kFarRefs,
  kMatches,  // symbols: which element of the type it is like an element is like
  kOffsets,  // of members
  kBitOffsets,
  kValues,  // of enumerators
  kPatchPlaces,
  kPatchRefs,
  kStringRuns,
  kStrings,  // bytes of the strings that the base does not have
  kCount
};
inline constexpr std::size_t kStreamCount = static_cast<std::size_t>(Stream::kCount);

// Small signed numbers as small unsigned ones.
[[nodiscard]] constexpr std::uint32_t zigzag(std::uint32_t difference) {
  return (difference << 1) ^ (0U - (difference >> 31));
}
[[nodiscard]] constexpr std::uint32_t unzigzag(std::uint32_t number) {
  return (number >> 1) ^ (0U - (number & 1));
}

class StreamWriter {
 public:
  static constexpr bool kDecoding = false;

  // LEB128: seven bits a byte, the lowest first.
  void number(Stream stream, std::uint32_t value) {
    auto& bytes = of(stream);
    for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<std::byte>(value | 0x80));
    bytes.push_back(static_cast<std::byte>(value));
  }
  void bytes(Stream stream, std::span<const std::byte> added) {
    of(stream).insert(of(stream).end(), added.begin(), added.end());
  }

  // All streams, appended to `coded`. Stored as they are, they take no time and more room.
  enum class Form : std::uint8_t { kCompressed, kStored };
  [[nodiscard]] Result<void> append_to(std::vector<std::byte>& coded,
                                       Form form = Form::kCompressed) const;

 private:
  std::vector<std::byte>& of(Stream stream) { return streams_[static_cast<std::size_t>(stream)]; }

  std::array<std::vector<std::byte>, kStreamCount> streams_;
};

// Reads what StreamWriter wrote. Never reads beyond a stream: where one ends too early, numbers are
// 0 and failed() tells from then on.
class StreamReader {
 public:
  static constexpr bool kDecoding = true;

  // Expands all streams, which may take `max_size` bytes in all.
  [[nodiscard]] static Result<StreamReader> open(std::span<const std::byte> coded,
                                                 std::uint64_t max_size);

  std::uint32_t number(Stream stream) {
    Left& left = left_[static_cast<std::size_t>(stream)];
    if (left.at != left.end && *left.at < std::byte{0x80}) [[likely]] {
      return std::to_integer<std::uint32_t>(*left.at++);
    }
    return long_number(left);
  }

  // All that is left of a stream.
  [[nodiscard]] std::span<const std::byte> rest(Stream stream) const {
    const Left& left = left_[static_cast<std::size_t>(stream)];
    return {left.at, left.end};
  }

  [[nodiscard]] bool failed() const { return failed_; }
  void set_failed() { failed_ = true; }

 private:
  struct Left {
    const std::byte* at = nullptr;
    const std::byte* end = nullptr;
  };

  std::uint32_t long_number(Left& left);

  std::array<Left, kStreamCount> left_;
  std::vector<std::byte> expanded_;
  bool failed_ = false;
};

}  // namespace btfbatch::pack
