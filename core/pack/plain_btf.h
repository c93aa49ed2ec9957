// A BTF of the one layout that the typed coding knows, which is that of all kernels so far.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/btf/view.h"

namespace btfbatch::pack {

// Little-endian, a 24-byte header with flags 0, the type section right behind it, the string
// section right behind that, nothing else. Immutable, thread-safe.
class PlainBtf {
 public:
  // Nothing where `btf` cannot be opened or is laid out otherwise. `btf` is borrowed.
  [[nodiscard]] static std::optional<PlainBtf> open(std::span<const std::byte> btf);

  // What rebuild() has put together: see BtfView::of_checked(). `btf` is 4-byte aligned.
  [[nodiscard]] static PlainBtf made(std::span<const std::byte> btf, std::uint32_t word_count,
                                     std::vector<std::uint32_t> offsets);

  // No types, and the empty string alone: the base of what has none.
  [[nodiscard]] static PlainBtf empty();

  // One more than the highest type ID.
  [[nodiscard]] std::uint32_t type_count() const { return view_.type_count(); }

  // The words of type `id`, which end where those of `id` + 1 begin; 1 <= id <= type_count().
  [[nodiscard]] const std::uint32_t* words(std::uint32_t id) const {
    return id == view_.type_count() ? end_ : std::bit_cast<const std::uint32_t*>(&view_.type(id));
  }
  [[nodiscard]] std::uint32_t word_count() const { return word_count_; }
  [[nodiscard]] btf::Kind kind(std::uint32_t id) const { return view_.type(id).kind(); }

  [[nodiscard]] const BtfView& view() const { return view_; }
  [[nodiscard]] std::string_view strings() const { return {view_.string(0), view_.string_size()}; }

 private:
  PlainBtf(BtfView view, std::uint32_t word_count);

  BtfView view_;
  std::uint32_t word_count_;
  const std::uint32_t* end_;
};

// Strings of at least one byte begin at least two bytes apart, so half of a string's offset,
// rounded up, tells it from all others (and from the empty string, which is at 0).
[[nodiscard]] inline std::size_t string_slot(std::uint32_t offset) {
  return (std::size_t{offset} + 1) / 2;
}

// Where the strings of a string section begin.
struct StringStarts {
  std::vector<std::uint32_t> offsets;   // of each string, ascending, the empty one first
  std::vector<std::uint32_t> ordinals;  // by string_slot(): index into offsets, or kNoString
  std::vector<std::uint64_t> hashes;    // of each string's bytes

  static constexpr std::uint32_t kNoString = 0xffffffff;

  // Nothing where a string but the first is empty, where two are equal, or where a type's name is
  // not a whole string: the typed coding takes strings for values.
  [[nodiscard]] static std::optional<StringStarts> of(const PlainBtf& btf);

  [[nodiscard]] std::uint32_t ordinal(std::uint32_t offset) const {
    return ordinals[string_slot(offset)];
  }
};

// The string at `offset`, which must be within `strings`, whose last byte is NUL.
[[nodiscard]] inline std::string_view string_at(std::string_view strings, std::uint32_t offset) {
  return strings.data() + offset;
}

}  // namespace btfbatch::pack
