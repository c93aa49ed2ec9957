// BTF as it lies in memory, little-endian. Source: the kernel's Documentation/bpf/btf.rst and
// include/uapi/linux/btf.h. Our own definitions, so that what we read and write does not depend on
// the kernel headers of the machine that builds us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace btfbatch::btf {

inline constexpr std::uint16_t kMagic = 0xeb9f;
inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::uint32_t kHeaderSize = 24;

enum class Kind : std::uint8_t {
  kVoid = 0,
  kInt = 1,
  kPtr = 2,
  kArray = 3,
  kStruct = 4,
  kUnion = 5,
  kEnum = 6,
  kFwd = 7,
  kTypedef = 8,
  kVolatile = 9,
  kConst = 10,
  kRestrict = 11,
  kFunc = 12,
  kFuncProto = 13,
  kVar = 14,
  kDatasec = 15,
  kFloat = 16,
  kDeclTag = 17,
  kTypeTag = 18,
  kEnum64 = 19,
};
inline constexpr std::uint32_t kKindCount = 20;

// "struct", "enum64", …; "unknown" for a number that is no kind.
[[nodiscard]] std::string_view kind_name(Kind kind);

struct Header {
  std::uint16_t magic;
  std::uint8_t version;
  std::uint8_t flags;
  std::uint32_t header_size;
  std::uint32_t type_offset;  // from the end of the header
  std::uint32_t type_size;
  std::uint32_t string_offset;  // from the end of the header
  std::uint32_t string_size;
};
static_assert(sizeof(Header) == kHeaderSize);

// What every type begins with; what follows depends on the kind.
struct Type {
  std::uint32_t name;
  std::uint32_t info;          // bits 0-15 vlen, 24-28 kind, 31 kind_flag
  std::uint32_t size_or_type;  // bytes, or the type ID referred to

  [[nodiscard]] constexpr Kind kind() const { return static_cast<Kind>((info >> 24) & 0x1f); }
  [[nodiscard]] constexpr std::uint32_t vlen() const { return info & 0xffff; }
  [[nodiscard]] constexpr bool kind_flag() const { return (info >> 31) != 0; }
};
static_assert(sizeof(Type) == 12);

struct Array {
  std::uint32_t type;
  std::uint32_t index_type;
  std::uint32_t element_count;
};

struct Member {
  std::uint32_t name;
  std::uint32_t type;
  std::uint32_t offset;  // bits; with the struct's kind_flag: bits 0-23 offset, 24-31 bitfield size
};

struct Enumerator {
  std::uint32_t name;
  std::int32_t value;
};

struct Enumerator64 {
  std::uint32_t name;
  std::uint32_t value_low;
  std::uint32_t value_high;
};

struct Parameter {
  std::uint32_t name;
  std::uint32_t type;
};

struct SectionVariable {
  std::uint32_t type;
  std::uint32_t offset;
  std::uint32_t size;
};

// The word that follows an INT.
inline constexpr std::uint32_t kIntSigned = 1U << 24;
[[nodiscard]] constexpr bool int_is_signed(std::uint32_t word) {
  return (word & kIntSigned) != 0;
}
[[nodiscard]] constexpr std::uint32_t int_offset(std::uint32_t word) {
  return (word >> 16) & 0xff;
}

// Bytes of a type of this kind: kFixedSize for all, plus kPerElement for each of its vlen elements.
inline constexpr std::uint8_t kFixedSize[kKindCount] = {12, 16, 12, 24, 12, 12, 12, 12, 12, 12,
                                                        12, 12, 12, 12, 16, 12, 12, 16, 12, 12};
inline constexpr std::uint8_t kPerElement[kKindCount] = {0, 0, 0, 0, 12, 12, 8, 0, 0, 0,
                                                         0, 0, 0, 8, 0,  12, 0, 0, 0, 12};

// Bytes of a type with this second word; its kind must be known.
[[nodiscard]] constexpr std::size_t type_size(std::uint32_t info) {
  const std::uint32_t kind = (info >> 24) & 0x1f;
  return kFixedSize[kind] + std::size_t{kPerElement[kind]} * (info & 0xffff);
}

}  // namespace btfbatch::btf
