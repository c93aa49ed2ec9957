// Questions about types that every step of a relocation asks, of the object's BTF and of the
// kernel's alike.
#pragma once

#include <cstdint>
#include <optional>

#include "core/btf/view.h"
#include "core/error.h"

namespace btfbatch {

// The machine that types are laid out for.
struct Machine {
  std::uint32_t pointer_size = 8;  // bytes
  bool big_endian = false;         // decides how bitfields are shifted
};

// One side of a relocation: the object's types or the kernel's.
struct TypeSpace {
  const BtfView* btf = nullptr;
  Machine machine;

  [[nodiscard]] const btf::Type& type(std::uint32_t id) const { return btf->type(id); }
  [[nodiscard]] const char* name_of(const btf::Type& t) const { return btf->string(t.name); }
};

// What comparing can say. kRefused: libbpf gives the relocation up with an error, because types
// nest deeper than it follows or have no size where one is needed; so does a loader.
enum class Compared : std::uint8_t { kNo, kYes, kRefused };

// What a search may still cost. Types within each other can be made to take exponential time, and
// members by the ten thousand quadratic time; so whoever loops over members, enumerators or
// parameters takes a step for each, and refuses when there are none left.
struct Steps {
  std::uint32_t left = 0;

  [[nodiscard]] bool take() {
    if (left == 0) return false;
    --left;
    return true;
  }
};

[[nodiscard]] constexpr bool is_composite(btf::Kind kind) {
  return kind == btf::Kind::kStruct || kind == btf::Kind::kUnion;
}
[[nodiscard]] constexpr bool is_any_enum(btf::Kind kind) {
  return kind == btf::Kind::kEnum || kind == btf::Kind::kEnum64;
}
[[nodiscard]] constexpr bool is_modifier_or_typedef(btf::Kind kind) {
  return kind == btf::Kind::kTypedef || kind == btf::Kind::kVolatile || kind == btf::Kind::kConst ||
         kind == btf::Kind::kRestrict || kind == btf::Kind::kTypeTag;
}
// The kind under which types are compared: an enum may match an enum64.
[[nodiscard]] constexpr btf::Kind kind_class(btf::Kind kind) {
  return kind == btf::Kind::kEnum64 ? btf::Kind::kEnum : kind;
}

// Follows typedefs and modifiers to the type ID behind them. Nothing where the chain is longer than
// any compiler makes, or a cycle.
[[nodiscard]] std::optional<std::uint32_t> skip_modifiers_and_typedefs(const BtfView& btf,
                                                                       std::uint32_t id);

// Bytes of a type; nothing where it has none (void, a function), where it nests more than 32 deep,
// or where the size does not fit 32 bits. After libbpf's btf__resolve_size.
[[nodiscard]] std::optional<std::uint32_t> resolve_size(const TypeSpace& space, std::uint32_t id);

// The machine that a kernel's full BTF tells: its byte order, and the size of pointers by that of
// `long`, or 8 where it has none. After libbpf's determine_ptr_size.
[[nodiscard]] Machine machine_of(const BtfView& btf);

// The element count of an array type and whether an index is within its bounds, where the array may
// be the flexible last member of the struct that `enclosing` and `member` name.
[[nodiscard]] bool index_is_valid(const TypeSpace& space, const btf::Array& array,
                                  std::uint32_t index, std::optional<std::uint32_t> enclosing,
                                  std::uint32_t member);

// Bits from the struct's begin, and of the bitfield (0: not one).
struct MemberPlace {
  std::uint32_t bit_offset;
  std::uint32_t bitfield_size;
};
[[nodiscard]] constexpr MemberPlace place_of(const btf::Type& composite, const btf::Member& m) {
  if (composite.kind_flag()) return {m.offset & 0xffffff, m.offset >> 24};
  return {m.offset, 0};
}

}  // namespace btfbatch
