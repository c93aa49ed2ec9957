// One place that knows which words of a type are names and which are type IDs.
#pragma once

#include <cstdint>

#include "core/btf/format.h"

namespace btfbatch::btf {

// Calls on_name(word) for every string offset of the type that begins at `words`, the type's own
// name first, then those of its elements in order (the order in which libbpf's btf__add_type adds
// strings), and on_type(word) for every type ID that it refers to. `words` may be const or not, and
// must hold the whole type, whose kind is known.
template <class Word, class OnName, class OnType>
inline void visit_words(Word* words, OnName&& on_name, OnType&& on_type) {
  const std::uint32_t info = words[1];
  const std::uint32_t vlen = info & 0xffff;
  on_name(words[0]);
  switch (static_cast<Kind>((info >> 24) & 0x1f)) {
    case Kind::kPtr:
    case Kind::kTypedef:
    case Kind::kVolatile:
    case Kind::kConst:
    case Kind::kRestrict:
    case Kind::kFunc:
    case Kind::kVar:
    case Kind::kDeclTag:
    case Kind::kTypeTag:
      on_type(words[2]);
      break;
    case Kind::kArray:
      on_type(words[3]);
      on_type(words[4]);
      break;
    case Kind::kStruct:
    case Kind::kUnion:
      for (std::uint32_t i = 0; i < vlen; ++i) {
        on_name(words[3 + 3 * i]);
        on_type(words[4 + 3 * i]);
      }
      break;
    case Kind::kEnum:
      for (std::uint32_t i = 0; i < vlen; ++i) on_name(words[3 + 2 * i]);
      break;
    case Kind::kEnum64:
      for (std::uint32_t i = 0; i < vlen; ++i) on_name(words[3 + 3 * i]);
      break;
    case Kind::kFuncProto:
      on_type(words[2]);
      for (std::uint32_t i = 0; i < vlen; ++i) {
        on_name(words[3 + 2 * i]);
        on_type(words[4 + 2 * i]);
      }
      break;
    case Kind::kDatasec:
      for (std::uint32_t i = 0; i < vlen; ++i) on_type(words[3 + 3 * i]);
      break;
    case Kind::kVoid:
    case Kind::kInt:
    case Kind::kFwd:
    case Kind::kFloat:
      break;
  }
}

}  // namespace btfbatch::btf
