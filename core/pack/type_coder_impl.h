// The bodies of TypeCoder's functions.
#pragma once

#include <algorithm>

#include "core/pack/type_coder.h"

namespace btfbatch::pack {

// How a name is told.
enum NameSymbol : std::uint32_t {
  kNameOfLike,
  kNameNone,
  kNameNew,
  kNameTold,
};

// How a type ID is told.
enum RefSymbol : std::uint32_t {
  kRefOfLike,
  kRefByName,
  kRefVoid,
  kRefNear,
  kRefFar,
};
inline constexpr std::uint32_t kNear = 4096;

// How far ahead an element's match is looked for.
inline constexpr std::uint32_t kMatchReach = 48;

template <class Io, class Strings>
std::size_t TypeCoder<Io, Strings>::type(Word id, const Word* like, std::span<Word> room) {
  static_assert(Io::kDecoding);
  Word info = 0;
  if (!head(like, info)) return 0;
  const std::size_t size = btf::type_size(info) / sizeof(Word);
  if (size > room.size() || io_.failed()) return 0;
  std::ranges::fill(room.first(size), 0);
  room[1] = info;
  return rest(id, like, room.data()) && !io_.failed() ? size : 0;
}

template <class Io, class Strings>
bool TypeCoder<Io, Strings>::type(Word id, const Word* like, const Word* words) {
  static_assert(!Io::kDecoding);
  Word info = words[1];
  // Coding leaves all words as they are, but for the copy that it works on.
  std::vector<Word> copy(words, words + btf::type_size(info) / sizeof(Word));
  return head(like, info) && rest(id, like, copy.data());
}

template <class Io, class Strings>
bool TypeCoder<Io, Strings>::head(const Word* like, Word& info) {
  const Word like_info = like != nullptr ? like[1] : 0;
  Word kind = ((info >> 24) & 0x9f) ^ ((like_info >> 24) & 0x9f);
  number(Stream::kKinds, kind);
  kind ^= (like_info >> 24) & 0x9f;
  Word count = info & 0xffff;
  difference(Stream::kElementCounts, like_info & 0xffff, count);
  if (kind > 0xff || (kind & 0x1f) == 0 || (kind & 0x1f) >= btf::kKindCount || count > 0xffff) {
    return false;
  }
  info = kind << 24 | count;
  return like == nullptr || ((info ^ like_info) >> 24 & 0x1f) == 0;
}

template <class Io, class Strings>
bool TypeCoder<Io, Strings>::rest(Word id, const Word* like, Word* words) {
  const auto kind = static_cast<btf::Kind>((words[1] >> 24) & 0x1f);
  name(Stream::kHeadNames, like, words[0]);
  switch (kind) {
    case btf::Kind::kPtr:
    case btf::Kind::kTypedef:
    case btf::Kind::kVolatile:
    case btf::Kind::kConst:
    case btf::Kind::kRestrict:
    case btf::Kind::kFunc:
    case btf::Kind::kFuncProto:
      ref(Stream::kHeadRefs, id, like != nullptr ? like + 2 : nullptr, words[2]);
      break;
    case btf::Kind::kVar:
    case btf::Kind::kDeclTag:
    case btf::Kind::kTypeTag:
      ref(Stream::kHeadRefs, id, like != nullptr ? like + 2 : nullptr, words[2]);
      if (kind != btf::Kind::kTypeTag) {
        difference(Stream::kTails, like != nullptr ? like[3] : 0, words[3]);
      }
      break;
    case btf::Kind::kArray:
      difference(Stream::kTails, 0, words[2]);
      ref(Stream::kHeadRefs, id, like != nullptr ? like + 3 : nullptr, words[3]);
      ref(Stream::kHeadRefs, id, like != nullptr ? like + 4 : nullptr, words[4]);
      difference(Stream::kSizes, like != nullptr ? like[5] : 0, words[5]);
      return true;
    case btf::Kind::kInt:
      difference(Stream::kSizes, like != nullptr ? like[2] : 0, words[2]);
      number(Stream::kTails, words[3]);
      break;
    default:
      difference(Stream::kSizes, like != nullptr ? like[2] : 0, words[2]);
      break;
  }
  return elements(id, like, words);
}

template <class Io, class Strings>
bool TypeCoder<Io, Strings>::elements(Word id, const Word* like, Word* words) {
  const auto kind = static_cast<btf::Kind>((words[1] >> 24) & 0x1f);
  const Word per = btf::kPerElement[static_cast<Word>(kind)] / 4;
  if (per == 0) return true;
  const Word count = words[1] & 0xffff;
  Likeness likeness;
  if (like != nullptr) likeness = {.words = like, .next = 0, .count = like[1] & 0xffff};
  for (Word i = 0; i < count; ++i) {
    Word* const here = words + 3 + per * i;
    const Word* matched = nullptr;
    if (like != nullptr) {
      matched = match(kind, likeness, here);
      if constexpr (Io::kDecoding) {
        if (io_.failed()) return false;
      }
    }
    const bool has_before = matched != nullptr && matched != like + 3;
    element(id, kind, matched, has_before ? matched - per : nullptr, here,
            i == 0 ? nullptr : here - per);
  }
  return true;
}

// Which element of the type that this one is like the element is like: how many to skip, or none.
template <class Io, class Strings>
auto TypeCoder<Io, Strings>::match(btf::Kind kind, Likeness& likeness, const Word* element)
    -> const Word* {
  const Word per = btf::kPerElement[static_cast<Word>(kind)] / 4;
  Word symbol = 0;
  if constexpr (!Io::kDecoding) {
    const Word end = likeness.next + std::min(likeness.count - likeness.next, kMatchReach);
    for (Word i = likeness.next; i < end; ++i) {
      if (matches(kind, likeness.words + 3 + per * i, element)) {
        symbol = 1 + i - likeness.next;
        break;
      }
    }
  }
  number(Stream::kMatches, symbol);
  if (symbol == 0) return nullptr;
  if (symbol > likeness.count - likeness.next) {
    if constexpr (Io::kDecoding) io_.set_failed();
    return nullptr;
  }
  likeness.next += symbol;
  return likeness.words + 3 + per * (likeness.next - 1);
}

template <class Io, class Strings>
bool TypeCoder<Io, Strings>::matches(btf::Kind kind, const Word* like, const Word* element) const {
  if constexpr (Io::kDecoding) {
    return false;
  } else {
    if (kind == btf::Kind::kDatasec) return mapped(like[0]) == element[0];
    if (strings_.known(element[0]) != strings_.of_base(like)) return false;
    return element[0] != 0 || kind != btf::Kind::kFuncProto || mapped(like[1]) == element[1];
  }
}

template <class Io, class Strings>
void TypeCoder<Io, Strings>::element(Word id, btf::Kind kind, const Word* like,
                                     const Word* like_before, Word* element, const Word* before) {
  const bool is_like = like != nullptr;
  switch (kind) {
    case btf::Kind::kStruct:
    case btf::Kind::kUnion: {
      name(Stream::kElementNames, like, element[0]);
      // As far behind the member before as in the type that this one is like.
      const Word step = is_like ? like[2] - (like_before != nullptr ? like_before[2] : 0) : 0;
      ref(Stream::kElementRefs, id, is_like ? like + 1 : nullptr, element[1]);
      const Word at = before != nullptr ? before[2] : 0;
      difference(is_like ? Stream::kOffsets : Stream::kBitOffsets, at + step, element[2]);
      break;
    }
    case btf::Kind::kEnum:
      name(Stream::kElementNames, like, element[0]);
      difference(Stream::kValues, before != nullptr ? before[1] + 1 : 0, element[1]);
      break;
    case btf::Kind::kEnum64:
      name(Stream::kElementNames, like, element[0]);
      difference(Stream::kValues, before != nullptr ? before[1] + 1 : 0, element[1]);
      difference(Stream::kValues, before != nullptr ? before[2] : 0, element[2]);
      break;
    case btf::Kind::kFuncProto:
      name(Stream::kElementNames, like, element[0]);
      ref(Stream::kElementRefs, id, is_like ? like + 1 : nullptr, element[1]);
      break;
    case btf::Kind::kDatasec:
      last_name_ = 0;
      ref(Stream::kElementRefs, id, like, element[0]);
      difference(Stream::kValues, before != nullptr ? before[1] + before[2] : 0, element[1]);
      difference(Stream::kValues, is_like ? like[2] : 0, element[2]);
      break;
    default:
      break;
  }
}

template <class Io, class Strings>
void TypeCoder<Io, Strings>::name(Stream stream, const Word* like, Word& word) {
  Word value = 0;
  Word symbol = 0;
  if constexpr (!Io::kDecoding) {
    const Name name = strings_.of(word);
    value = name.ordinal;
    symbol = like != nullptr && strings_.of_base(like) == value ? kNameOfLike
             : value == 0                                       ? kNameNone
             : name.is_new                                      ? kNameNew
                                                                : kNameTold;
  }
  number(stream, symbol);
  if constexpr (Io::kDecoding) {
    switch (symbol) {
      case kNameOfLike:
        if (like == nullptr) return io_.set_failed();
        value = strings_.of_base(like);
        break;
      case kNameNone:
        break;
      case kNameNew:
        value = strings_.next();
        if (value == 0) return io_.set_failed();
        break;
      case kNameTold:
        value = io_.number(Stream::kNames);
        if (value >= strings_.end()) return io_.set_failed();
        break;
      default:
        return io_.set_failed();
    }
    word = value;
  } else {
    if (symbol == kNameTold) io_.number(Stream::kNames, value);
  }
  if (value != 0) last_name_ = value;
}

template <class Io, class Strings>
void TypeCoder<Io, Strings>::ref(Stream stream, Word id, const Word* like, Word& word) {
  Word& by_name = ref_of_name_[slot(last_name_)];
  Word symbol = 0;
  if constexpr (!Io::kDecoding) {
    symbol = like != nullptr && mapped(*like) == word ? kRefOfLike
             : word == 0                              ? kRefVoid
             : word == by_name                        ? kRefByName
             : zigzag(id - word) < kNear              ? kRefNear
                                                      : kRefFar;
  }
  number(stream, symbol);
  switch (symbol) {
    case kRefOfLike:
      if (like == nullptr) {
        if constexpr (Io::kDecoding) io_.set_failed();
        return;
      }
      word = mapped(*like);
      break;
    case kRefVoid:
      word = 0;
      break;
    case kRefByName:
      word = by_name;
      break;
    case kRefNear: {
      Word distance = zigzag(id - word);
      number(Stream::kNearRefs, distance);
      word = id - unzigzag(distance);
      break;
    }
    case kRefFar:
      number(Stream::kFarRefs, word);
      break;
    default:
      if constexpr (Io::kDecoding) io_.set_failed();
      return;
  }
  by_name = word;
}

}  // namespace btfbatch::pack
