// Which words of a type section are names and which are type IDs, told without looking at the types
// again.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/pack/plain_btf.h"

namespace btfbatch::pack {

// A row of bits that is read and written 64 at a time, at any place.
class Bits {
 public:
  // `count` bits, all 0.
  explicit Bits(std::size_t count) : words_(count / 64 + 2) {}

  // The 64 bits from `at` on, the first one lowest; at <= count. Behind the end they are 0.
  [[nodiscard]] std::uint64_t from(std::size_t at) const {
    const std::size_t shift = at % 64;
    return words_[at / 64] >> shift | words_[at / 64 + 1] << 1 << (63 - shift);
  }
  // Sets those of the 64 bits from `at` on that are set in `bits`, and none behind the end.
  void add(std::size_t at, std::uint64_t bits) {
    const std::size_t shift = at % 64;
    words_[at / 64] |= bits << shift;
    words_[at / 64 + 1] |= bits >> 1 >> (63 - shift);
  }
  [[nodiscard]] bool get(std::size_t at) const { return (words_[at / 64] >> (at % 64) & 1) != 0; }

  // Of each 64 bits, how many before them are set.
  [[nodiscard]] std::vector<std::uint32_t> counts() const {
    std::vector<std::uint32_t> counts;
    counts.reserve(words_.size());
    std::uint32_t before = 0;
    for (const std::uint64_t word : words_) {
      counts.push_back(before);
      before += static_cast<std::uint32_t>(std::popcount(word));
    }
    return counts;
  }
  // How many bits before `at` are set; `counts` are its counts().
  [[nodiscard]] std::size_t count_before(std::size_t at,
                                         const std::vector<std::uint32_t>& counts) const {
    const std::uint64_t below = (std::uint64_t{1} << (at % 64)) - 1;
    return counts[at / 64] + static_cast<std::size_t>(std::popcount(words_[at / 64] & below));
  }

 private:
  std::vector<std::uint64_t> words_;
};

// A bit for each word of a type section.
struct WordKinds {
  Bits names;  // but for the empty one, 0
  Bits types;  // type IDs, void among them

  explicit WordKinds(std::size_t word_count) : names(word_count), types(word_count) {}
  [[nodiscard]] static WordKinds of(const PlainBtf& btf);
};

}  // namespace btfbatch::pack
