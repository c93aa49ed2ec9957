#include "core/relocation/value.h"

namespace btfbatch {
namespace {

// The bytes that hold a field, and its bits.
struct FieldPlace {
  std::uint32_t byte_offset;
  std::uint32_t byte_size;
  std::uint32_t bit_offset;
  std::uint32_t bit_size;
  bool bitfield;
};

// The smallest aligned load, from the bitfield's own type up to 8 bytes, that covers all its bits.
std::optional<FieldPlace> place_bitfield(std::uint32_t type_size, std::uint32_t bit_offset,
                                         std::uint32_t bit_size) {
  if (type_size == 0) return std::nullopt;
  std::uint32_t size = type_size;
  std::uint32_t offset = bit_offset / 8 / size * size;
  while (bit_offset + bit_size - offset * 8 > size * 8) {
    if (size >= 8) return std::nullopt;
    size *= 2;
    offset = bit_offset / 8 / size * size;
  }
  return FieldPlace{offset, size, bit_offset, bit_size, true};
}

bool is_signed(const btf::Type& t) {
  if (is_any_enum(t.kind())) return t.kind_flag();
  return t.kind() == btf::Kind::kInt && btf::int_is_signed(BtfView::int_word(t));
}

Resize resize_of(const btf::Type& t) {
  if (t.kind() == btf::Kind::kPtr) return Resize::kPointer;
  return t.kind() == btf::Kind::kInt && !is_signed(t) ? Resize::kUnsigned : Resize::kNever;
}

std::optional<RelocationValue> element_value(const TypeSpace& space, RelocationKind kind,
                                             const Accessor& element, std::uint32_t bit_offset) {
  const auto size = resolve_size(space, element.type_id);
  if (!size) return std::nullopt;
  if (kind == RelocationKind::kFieldByteOffset) {
    return RelocationValue{bit_offset / 8, *size, resize_of(space.type(element.type_id))};
  }
  if (kind == RelocationKind::kFieldByteSize) return RelocationValue{*size};
  return std::nullopt;
}

std::optional<RelocationValue> member_value(const TypeSpace& space, RelocationKind kind,
                                            const Accessor& accessor, std::uint32_t bit_offset) {
  const btf::Type& composite = space.type(accessor.type_id);
  const btf::Member& member = BtfView::members(composite)[accessor.index];
  const auto type_id = skip_modifiers_and_typedefs(*space.btf, member.type);
  if (!type_id) return std::nullopt;
  const btf::Type& type = space.type(*type_id);

  std::optional<FieldPlace> place;
  const std::uint32_t bitfield_size = place_of(composite, member).bitfield_size;
  if (bitfield_size > 0) {
    place = place_bitfield(type.size_or_type, bit_offset, bitfield_size);
  } else if (const auto size = resolve_size(space, *type_id)) {
    place = FieldPlace{bit_offset / 8, *size, bit_offset, *size * 8, false};
  }
  if (!place) return std::nullopt;

  switch (kind) {
    case RelocationKind::kFieldByteOffset:
      if (place->bitfield) return RelocationValue{place->byte_offset};
      return RelocationValue{place->byte_offset, place->byte_size, resize_of(type)};
    case RelocationKind::kFieldByteSize:
      return RelocationValue{place->byte_size};
    case RelocationKind::kFieldSigned:
      return RelocationValue{is_signed(type)};
    case RelocationKind::kFieldLshiftU64: {
      const std::uint32_t begin = place->bit_offset - place->byte_offset * 8;
      const std::uint32_t shift = space.machine.big_endian ? (8 - place->byte_size) * 8 + begin
                                                           : 64 - (begin + place->bit_size);
      return RelocationValue{shift};
    }
    case RelocationKind::kFieldRshiftU64:
      return RelocationValue{64 - place->bit_size};
    default:
      return std::nullopt;
  }
}

RelocationValue enumerator_value(const TypeSpace& space, const Accessor& accessor) {
  const btf::Type& t = space.type(accessor.type_id);
  if (t.kind() == btf::Kind::kEnum) {
    // Sign-extended, as C does with libbpf's __s32.
    const std::int64_t value = BtfView::enumerators(t)[accessor.index].value;
    return {static_cast<std::uint64_t>(value)};
  }
  const btf::Enumerator64& e = BtfView::enumerators64(t)[accessor.index];
  return {std::uint64_t{e.value_high} << 32 | e.value_low};
}

}  // namespace

std::optional<RelocationValue> relocation_value(const TypeSpace& space, RelocationKind kind,
                                                std::uint32_t root_type, const Accessor* last,
                                                std::uint32_t bit_offset) {
  switch (kind) {
    case RelocationKind::kFieldExists:
    case RelocationKind::kTypeExists:
    case RelocationKind::kTypeMatches:
    case RelocationKind::kEnumvalExists:
      return RelocationValue{1};
    case RelocationKind::kTypeIdLocal:
    case RelocationKind::kTypeIdTarget:
      return RelocationValue{root_type};
    case RelocationKind::kTypeSize: {
      const auto size = resolve_size(space, root_type);
      if (!size) return std::nullopt;
      return RelocationValue{*size};
    }
    case RelocationKind::kEnumvalValue:
      return enumerator_value(space, *last);
    default:
      return last->name ? member_value(space, kind, *last, bit_offset)
                        : element_value(space, kind, *last, bit_offset);
  }
}

}  // namespace btfbatch
