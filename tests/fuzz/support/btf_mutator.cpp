#include "tests/fuzz/support/btf_mutator.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/btf/visit.h"

namespace btfbatch::fuzz {
namespace {

using btf::Kind;

constexpr std::size_t kMaxTypes = 2000;
constexpr std::size_t kMaxStrings = 64U << 10;  // bytes

std::uint32_t below(std::uint32_t end, Random& random) {
  return end == 0 ? 0 : static_cast<std::uint32_t>(random() >> 4) % end;
}

Kind kind_of(const std::vector<std::uint32_t>& type) {
  return static_cast<Kind>((type[1] >> 24) & 0x1f);
}

std::uint32_t vlen_of(const std::vector<std::uint32_t>& type) {
  return type[1] & 0xffff;
}

void set_kind(std::vector<std::uint32_t>& type, Kind kind) {
  type[1] = (type[1] & ~(0x1fU << 24)) | static_cast<std::uint32_t>(kind) << 24;
}

bool is_composite_kind(Kind kind) {
  return kind == Kind::kStruct || kind == Kind::kUnion;
}

// Words of each of a type's elements.
std::uint32_t element_words(Kind kind) {
  return btf::kPerElement[static_cast<std::size_t>(kind)] / 4;
}

template <class Word, class Visitor>
void for_each_type_id(Word* words, Visitor&& visitor) {
  btf::visit_words(words, [](std::uint32_t) {}, visitor);
}

template <class Word, class Visitor>
void for_each_name(Word* words, Visitor&& visitor) {
  btf::visit_words(words, visitor, [](std::uint32_t) {});
}

}  // namespace

std::optional<EditableBtf> EditableBtf::read(std::span<const std::byte> bytes) {
  const auto view = BtfView::open(bytes);
  if (!view) return std::nullopt;
  EditableBtf editable;
  editable.strings_.assign(view->string(0), view->string_size());
  editable.types_.emplace_back();
  for (std::uint32_t id = 1; id < view->type_count(); ++id) {
    const auto* words = std::bit_cast<const std::uint32_t*>(&view->type(id));
    editable.types_.emplace_back(words, words + btf::type_size(words[1]) / sizeof *words);
  }
  return editable;
}

std::vector<std::byte> EditableBtf::bytes() const {
  Type words;
  for (const Type& type : types_) words.insert(words.end(), type.begin(), type.end());
  const auto type_size = static_cast<std::uint32_t>(words.size() * 4);
  const btf::Header header{.magic = btf::kMagic,
                           .version = btf::kVersion,
                           .flags = 0,
                           .header_size = btf::kHeaderSize,
                           .type_offset = 0,
                           .type_size = type_size,
                           .string_offset = type_size,
                           .string_size = static_cast<std::uint32_t>(strings_.size())};
  std::vector<std::byte> out;
  for (const auto part : {std::as_bytes(std::span(&header, 1)), std::as_bytes(std::span(words)),
                          std::as_bytes(std::span(strings_))}) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

void EditableBtf::change(Random& random) {
  static constexpr void (EditableBtf::* kChanges[])(std::uint32_t, Random&) = {
      &EditableBtf::retarget,        &EditableBtf::retarget,        &EditableBtf::rename,
      &EditableBtf::change_kind,     &EditableBtf::change_size,     &EditableBtf::change_detail,
      &EditableBtf::change_detail,   &EditableBtf::change_elements, &EditableBtf::add_flavor,
      &EditableBtf::duplicate,       &EditableBtf::put_in_between,  &EditableBtf::nest_members,
      &EditableBtf::swap_with_other,
  };
  if (types_.size() < 2) return;
  const std::uint32_t id = 1 + below(static_cast<std::uint32_t>(types_.size()) - 1, random);
  const auto which = below(std::size(kChanges), random);
  (this->*kChanges[which])(id, random);
}

std::uint32_t EditableBtf::any_id(Random& random) const {
  return below(static_cast<std::uint32_t>(types_.size()), random);
}

// A name that some type or element has, rather than any offset: what is looked for by name.
std::uint32_t EditableBtf::any_name(Random& random) const {
  std::uint32_t name = 0;
  std::uint32_t seen = 0;
  const Type& type = types_[any_id(random)];
  if (type.empty()) return 0;
  for_each_name(type.data(), [&](std::uint32_t n) {
    if (below(++seen, random) == 0) name = n;
  });
  return name;
}

void EditableBtf::retarget(std::uint32_t id, Random& random) {
  std::uint32_t* chosen = nullptr;
  std::uint32_t seen = 0;
  for_each_type_id(types_[id].data(), [&](std::uint32_t& t) {
    if (below(++seen, random) == 0) chosen = &t;
  });
  if (chosen == nullptr) return;
  std::uint32_t other = any_id(random);
  // Mostly to a type of the same kind, which leads further than any type does.
  for (int attempt = 0; attempt < 8 && *chosen != 0 && other != 0; ++attempt) {
    if (kind_of(types_[other]) == kind_of(types_[*chosen]) && other != *chosen) break;
    other = any_id(random);
  }
  *chosen = other;
}

void EditableBtf::rename(std::uint32_t id, Random& random) {
  std::uint32_t* chosen = nullptr;
  std::uint32_t seen = 0;
  for_each_name(types_[id].data(), [&](std::uint32_t& n) {
    if (below(++seen, random) == 0) chosen = &n;
  });
  if (chosen != nullptr) *chosen = below(8, random) == 0 ? 0 : any_name(random);
}

void EditableBtf::change_kind(std::uint32_t id, Random& random) {
  static constexpr Kind kReferences[] = {Kind::kPtr,      Kind::kConst,   Kind::kVolatile,
                                         Kind::kRestrict, Kind::kTypedef, Kind::kTypeTag};
  Type& type = types_[id];
  const Kind kind = kind_of(type);
  if (is_composite_kind(kind)) {
    set_kind(type, kind == Kind::kStruct ? Kind::kUnion : Kind::kStruct);
  } else if (std::ranges::find(kReferences, kind) != std::end(kReferences)) {
    set_kind(type, kReferences[below(std::size(kReferences), random)]);
  } else if (kind == Kind::kEnum) {
    Type wide(type.begin(), type.begin() + 3);
    set_kind(wide, Kind::kEnum64);
    for (std::size_t i = 3; i < type.size(); i += 2) {
      const std::uint32_t high = (type[i + 1] >> 31) != 0 ? 0xffffffffU : 0;
      wide.insert(wide.end(), {type[i], type[i + 1], high});
    }
    type = std::move(wide);
  } else if (kind == Kind::kEnum64) {
    Type narrow(type.begin(), type.begin() + 3);
    set_kind(narrow, Kind::kEnum);
    for (std::size_t i = 3; i < type.size(); i += 3) {
      narrow.insert(narrow.end(), {type[i], type[i + 1]});
    }
    type = std::move(narrow);
  } else if (kind == Kind::kFwd || kind == Kind::kFloat) {
    set_kind(type, kind == Kind::kFwd ? Kind::kFloat : Kind::kFwd);
    type[2] = kind == Kind::kFwd ? 4 : 0;
  }
}

void EditableBtf::change_size(std::uint32_t id, Random& random) {
  static constexpr std::uint32_t kSizes[] = {0, 1, 2, 4, 8, 16, 3, 24, 1000, 1U << 30, 0xffffffffU};
  Type& type = types_[id];
  switch (kind_of(type)) {
    case Kind::kInt:
    case Kind::kStruct:
    case Kind::kUnion:
    case Kind::kEnum:
    case Kind::kEnum64:
    case Kind::kFloat:
      type[2] = kSizes[below(std::size(kSizes), random)];
      break;
    case Kind::kArray:
      type[5] = kSizes[below(std::size(kSizes), random)];
      break;
    default:
      break;
  }
}

// Offsets of members, values of enumerators, the word of an int, kind_flags.
void EditableBtf::change_detail(std::uint32_t id, Random& random) {
  Type& type = types_[id];
  const Kind kind = kind_of(type);
  if (kind == Kind::kInt) {
    static constexpr std::uint32_t kWords[] = {btf::kIntSigned, 1U << 16, 0x3f, 32};
    type[3] ^= kWords[below(std::size(kWords), random)];
    return;
  }
  const std::uint32_t count = vlen_of(type);
  if (below(4, random) == 0 || count == 0) {
    type[1] ^= 1U << 31;
    return;
  }
  const std::size_t at = 3 + element_words(kind) * below(count, random);
  if (is_composite_kind(kind)) {
    const bool kind_flag = (type[1] >> 31) != 0;
    const std::uint32_t offset =
        below(2, random) == 0 ? 8 * below(64, random) : below(2048, random);
    const std::uint32_t bits = below(2, random) == 0 ? 0 : below(65, random);
    type[at + 2] = kind_flag ? offset | bits << 24 : offset;
    if (below(16, random) == 0) type[at + 2] = static_cast<std::uint32_t>(random());
  } else if (kind == Kind::kEnum || kind == Kind::kEnum64) {
    type[at + 1] = below(2, random) == 0 ? below(4, random) : static_cast<std::uint32_t>(random());
  }
}

// Takes an element out, puts a copy of one in, or swaps two.
void EditableBtf::change_elements(std::uint32_t id, Random& random) {
  Type& type = types_[id];
  const std::uint32_t words = element_words(kind_of(type));
  const std::uint32_t count = vlen_of(type);
  if (words == 0 || count == 0 || count > 1000) return;
  const auto begin_of = [&](std::uint32_t i) { return type.begin() + 3 + words * i; };
  const std::uint32_t a = below(count, random);
  const std::uint32_t b = below(count, random);
  switch (below(3, random)) {
    case 0:
      type.erase(begin_of(a), begin_of(a + 1));
      type[1] -= 1;
      break;
    case 1: {
      const Type copy(begin_of(a), begin_of(a + 1));
      type.insert(begin_of(b), copy.begin(), copy.end());
      type[1] += 1;
      break;
    }
    default:
      if (a != b) std::swap_ranges(begin_of(a), begin_of(a + 1), begin_of(b));
  }
}

// "name" becomes "name___x", or loses its flavor.
void EditableBtf::add_flavor(std::uint32_t id, Random& random) {
  std::uint32_t* chosen = nullptr;
  std::uint32_t seen = 0;
  for_each_name(types_[id].data(), [&](std::uint32_t& n) {
    if (n != 0 && below(++seen, random) == 0) chosen = &n;
  });
  if (chosen == nullptr || strings_.size() > kMaxStrings) return;
  std::string name = strings_.c_str() + *chosen;
  const auto flavor = name.find("___");
  if (flavor == name.npos) {
    static constexpr const char* kFlavors[] = {"___x", "___y", "____x", "___", "___x___y", "_"};
    name += kFlavors[below(std::size(kFlavors), random)];
  } else {
    name.resize(flavor);
  }
  *chosen = static_cast<std::uint32_t>(strings_.size());
  strings_ += name;
  strings_ += '\0';
}

// A copy at the end, where its own name, or whoever is retargeted to it, finds it.
void EditableBtf::duplicate(std::uint32_t id, Random& random) {
  if (types_.size() >= kMaxTypes) return;
  types_.push_back(Type(types_[id]));
  if (below(2, random) == 0) change_detail(static_cast<std::uint32_t>(types_.size()) - 1, random);
}

// What `id` refers to is now referred to through a typedef or a modifier, a pointer or an array.
void EditableBtf::put_in_between(std::uint32_t id, Random& random) {
  static constexpr Kind kKinds[] = {Kind::kTypedef, Kind::kConst, Kind::kVolatile, Kind::kRestrict,
                                    Kind::kTypeTag, Kind::kPtr,   Kind::kArray};
  if (types_.size() >= kMaxTypes) return;
  std::uint32_t* chosen = nullptr;
  std::uint32_t seen = 0;
  for_each_type_id(types_[id].data(), [&](std::uint32_t& t) {
    if (below(++seen, random) == 0) chosen = &t;
  });
  if (chosen == nullptr) return;
  const Kind kind = kKinds[below(std::size(kKinds), random)];
  Type between = {0, 0, *chosen};
  if (kind == Kind::kTypedef || kind == Kind::kTypeTag) between[0] = any_name(random);
  if (kind == Kind::kArray) between = {0, 0, 0, *chosen, *chosen, below(4, random)};
  set_kind(between, kind);
  *chosen = static_cast<std::uint32_t>(types_.size());
  types_.push_back(std::move(between));
}

// Moves some members of a composite into an anonymous one within it, with the same places.
void EditableBtf::nest_members(std::uint32_t id, Random& random) {
  const std::uint32_t count = vlen_of(types_[id]);
  if (!is_composite_kind(kind_of(types_[id])) || count == 0 || types_.size() >= kMaxTypes) return;
  const std::uint32_t first = below(count, random);
  const std::uint32_t moved = 1 + below(count - first, random);
  Type& outer = types_[id];
  Type inner(outer.begin(), outer.begin() + 3);
  inner[0] = 0;
  inner[1] = (inner[1] & ~0xffffU) | moved;
  inner.insert(inner.end(), outer.begin() + 3 + 3 * first, outer.begin() + 3 + 3 * (first + moved));
  outer.erase(outer.begin() + 3 + 3 * first, outer.begin() + 3 + 3 * (first + moved));
  outer.insert(outer.begin() + 3 + 3 * first, {0, static_cast<std::uint32_t>(types_.size()), 0});
  outer[1] -= moved - 1;
  types_.push_back(std::move(inner));
}

// Two types swap their IDs; everything else means the same as before. Candidates come in the order
// of their IDs.
void EditableBtf::swap_with_other(std::uint32_t id, Random& random) {
  const std::uint32_t other = any_id(random);
  if (other == 0 || other == id) return;
  std::swap(types_[id], types_[other]);
  for (Type& type : types_) {
    if (type.empty()) continue;
    for_each_type_id(type.data(), [&](std::uint32_t& t) {
      t = t == id ? other : t == other ? id : t;
    });
  }
}

namespace {

// What a type is made of, pointers and functions not followed.
template <class Visitor>
void for_each_part(const BtfView& btf, std::uint32_t id, Visitor&& visitor) {
  const Kind kind = btf.type(id).kind();
  if (kind == Kind::kPtr || kind == Kind::kFuncProto || kind == Kind::kDatasec || id == 0) return;
  for_each_type_id(std::bit_cast<const std::uint32_t*>(&btf.type(id)), visitor);
}

bool bitfields_are_sound(const BtfView& btf, const btf::Type& t) {
  if (!is_composite_kind(t.kind()) || !t.kind_flag()) return true;
  return std::ranges::all_of(BtfView::members(t), [&](const btf::Member& member) {
    if ((member.offset >> 24) == 0) return true;
    std::uint32_t id = member.type;
    for (int i = 0; i < 32; ++i) {
      const btf::Type& type = btf.type(id);
      switch (type.kind()) {
        case Kind::kTypedef:
        case Kind::kConst:
        case Kind::kVolatile:
        case Kind::kRestrict:
        case Kind::kTypeTag:
          id = type.size_or_type;
          continue;
        case Kind::kInt:
        case Kind::kEnum:
        case Kind::kEnum64:
          return type.size_or_type > 0;
        default:
          return false;
      }
    }
    return false;
  });
}

}  // namespace

bool is_sound(const BtfView& btf) {
  enum class State : std::uint8_t { kNew, kOpen, kDone };
  std::vector<State> states(btf.type_count());
  std::vector<std::uint32_t> pending;
  for (std::uint32_t root = 1; root < btf.type_count(); ++root) {
    const btf::Type& type = btf.type(root);
    if (type.kind() == Kind::kFwd && type.size_or_type != 0) return false;
    if (!bitfields_are_sound(btf, type)) return false;
    pending.push_back(root);
    while (!pending.empty()) {
      const std::uint32_t id = pending.back();
      if (states[id] != State::kNew) {
        states[id] = State::kDone;
        pending.pop_back();
        continue;
      }
      states[id] = State::kOpen;
      bool sound = true;
      for_each_part(btf, id, [&](std::uint32_t part) {
        sound = sound && states[part] != State::kOpen;
        if (states[part] == State::kNew) pending.push_back(part);
      });
      if (!sound) return false;
    }
  }
  return true;
}

}  // namespace btfbatch::fuzz
