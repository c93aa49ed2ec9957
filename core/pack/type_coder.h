// Spelling out types: those that the base does not have, told by what they differ in from the one
// they are most like, if there is one, and from what was seen before.
//
// One template codes and decodes, so that the two cannot come apart: it is given an Io that either
// writes the numbers it is asked for or reads them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/btf/format.h"
#include "core/pack/streams.h"

namespace btfbatch::pack {

// Names are ordinals of the base's strings, and behind them of the strings that the base does not
// have, in the order in which they are first needed. 0 is the empty one.
//
// Strings has `std::uint32_t of_base(const std::uint32_t* word)` for a name in the base. When
// coding, `Name of(offset)` and `std::uint32_t known(offset)` for a name of the kernel; when
// decoding, `std::uint32_t next()` for the next string that the base does not have, 0 where there
// is none, and `std::uint32_t end()`, which no name reaches.
struct Name {
  std::uint32_t ordinal = 0;
  bool is_new = false;  // needed for the first time, and not in the base
};

template <class Io, class Strings>
class TypeCoder {
 public:
  // `new_ids`: see SegmentCoder. `expected`: about how many types there will be, the same for
  // coding and decoding.
  TypeCoder(Io& io, Strings& strings, std::span<const std::uint32_t> new_ids,
            std::uint32_t expected)
      : io_(io),
        strings_(strings),
        new_ids_(new_ids),
        bits_(std::clamp(static_cast<int>(std::bit_width(expected)) + 1, 8, 18)),
        ref_of_name_(std::size_t{1} << bits_) {}

  // Codes type `id`, which is like the base's type at `like` (may be null). Coding, `words` are the
  // kernel's. Decoding, the type's words are put at the beginning of `room`, its names as above;
  // how many they are, 0 where what was decoded is no type or finds no room.
  std::size_t type(std::uint32_t id, const std::uint32_t* like, std::span<std::uint32_t> room);
  bool type(std::uint32_t id, const std::uint32_t* like, const std::uint32_t* words);

 private:
  using Word = std::uint32_t;

  // What a struct's member, an enumerator, a parameter or a section's variable is told from.
  struct Likeness {
    const Word* words = nullptr;  // of the type
    Word next = 0;                // element
    Word count = 0;
  };

  bool head(const Word* like, Word& info);
  bool rest(Word id, const Word* like, Word* words);
  bool elements(Word id, const Word* like, Word* words);
  void element(Word id, btf::Kind kind, const Word* like, const Word* like_before, Word* element,
               const Word* before);

  void number(Stream stream, Word& value) {
    if constexpr (Io::kDecoding) {
      value = io_.number(stream);
    } else {
      io_.number(stream, value);
    }
  }
  // `value`, of which `expected` is known.
  void difference(Stream stream, Word expected, Word& value) {
    Word coded = zigzag(value - expected);
    number(stream, coded);
    value = expected + unzigzag(coded);
  }

  const Word* match(btf::Kind kind, Likeness& likeness, const Word* element);
  bool matches(btf::Kind kind, const Word* like, const Word* element) const;

  void name(Stream stream, const Word* like, Word& word);
  void ref(Stream stream, Word id, const Word* like, Word& word);

  [[nodiscard]] Word mapped(Word base_id) const { return new_ids_[base_id]; }
  [[nodiscard]] std::size_t slot(Word value) const { return (value * 0x9e3779b1U) >> (32 - bits_); }

  Io& io_;
  Strings& strings_;
  std::span<const Word> new_ids_;

  int bits_;
  // The type ID told last with a name, by the name, hashed: two names may share a place.
  std::vector<Word> ref_of_name_;
  Word last_name_ = 0;
};

}  // namespace btfbatch::pack

#include "core/pack/type_coder_impl.h"
