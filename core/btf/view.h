// A BTF, opened: every offset, count, type ID and string checked once, so that what reads it later
// need not check again.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/btf/format.h"
#include "core/error.h"

namespace btfbatch {

// Read access to the types and strings of one BTF. Immutable once opened, so it may be shared
// between threads. Moving it keeps all pointers that it gave out valid.
class BtfView {
 public:
  // Opens raw BTF of either endianness with a header of 24 bytes or more.
  //
  // `bytes` are borrowed and must outlive the view, except where they are big-endian or not 4-byte
  // aligned: then the view keeps a converted copy of its own.
  //
  // Fails, saying where and why, on: a wrong magic or version, sections outside of the file, a
  // string section that does not begin and end with NUL (split BTF among them), a type of unknown
  // kind or beyond its section, a name outside of the string section, a reference to a type ID that
  // does not exist, non-zero header fields that this version does not know.
  //
  // After libbpf's btf_parse_hdr, btf_parse_str_sec and btf_parse_type_sec, and the kernel's
  // btf.rst.
  [[nodiscard]] static Result<BtfView> open(std::span<const std::byte> bytes);

  // A view of BTF that was put together from opened BTFs, and of which everything that open()
  // checks is known therefore; it is not looked at again. `types` is native-endian and 4-byte
  // aligned; `offsets` has the place of each type in it, by type ID, with a 0 for void. Both
  // sections are borrowed.
  [[nodiscard]] static BtfView of_checked(std::span<const std::byte> types,
                                          std::span<const std::byte> strings,
                                          std::vector<std::uint32_t> offsets);

  // One more than the highest type ID; type ID 0 is void.
  [[nodiscard]] std::uint32_t type_count() const {
    return static_cast<std::uint32_t>(offsets_.size());
  }

  // `id` < type_count(). For id 0, a type of kind kVoid without a name.
  [[nodiscard]] const btf::Type& type(std::uint32_t id) const {
    return id == 0 ? kVoid : *std::bit_cast<const btf::Type*>(types_ + offsets_[id]);
  }

  // NUL-terminated. `offset` comes from this view's types, or is < string_size().
  [[nodiscard]] const char* string(std::uint32_t offset) const { return strings_ + offset; }
  [[nodiscard]] std::uint32_t string_size() const { return string_size_; }

  // What lies behind the type; which of these may be asked follows from its kind.
  [[nodiscard]] static std::span<const btf::Member> members(const btf::Type& t) {
    return elements<btf::Member>(t, t.vlen());
  }
  [[nodiscard]] static std::span<const btf::Enumerator> enumerators(const btf::Type& t) {
    return elements<btf::Enumerator>(t, t.vlen());
  }
  [[nodiscard]] static std::span<const btf::Enumerator64> enumerators64(const btf::Type& t) {
    return elements<btf::Enumerator64>(t, t.vlen());
  }
  [[nodiscard]] static std::span<const btf::Parameter> parameters(const btf::Type& t) {
    return elements<btf::Parameter>(t, t.vlen());
  }
  [[nodiscard]] static std::span<const btf::SectionVariable> section_variables(const btf::Type& t) {
    return elements<btf::SectionVariable>(t, t.vlen());
  }
  [[nodiscard]] static const btf::Array& array(const btf::Type& t) {
    return elements<btf::Array>(t, 1)[0];
  }
  [[nodiscard]] static std::uint32_t int_word(const btf::Type& t) {
    return elements<std::uint32_t>(t, 1)[0];
  }

  // Whether the BTF was written for a big-endian machine.
  [[nodiscard]] bool was_big_endian() const { return was_big_endian_; }

 private:
  BtfView() = default;

  static constexpr btf::Type kVoid{};

  template <class Element>
  static std::span<const Element> elements(const btf::Type& t, std::size_t count) {
    return {std::bit_cast<const Element*>(&t + 1), count};
  }

  const std::byte* types_ = nullptr;
  const char* strings_ = nullptr;
  std::uint32_t string_size_ = 0;
  bool was_big_endian_ = false;
  std::vector<std::uint32_t> offsets_;  // of each type ID from types_
  std::vector<std::byte> converted_;    // owned bytes, where the given ones could not be used
};

// Whether `bytes` begin with BTF's magic, in either byte order.
[[nodiscard]] bool has_btf_magic(std::span<const std::byte> bytes);

// Whether `bytes` look like split BTF: they need the BTF of vmlinux beneath them, and cannot be
// opened alone (their string section does not begin with the empty string).
[[nodiscard]] bool is_split_btf(std::span<const std::byte> bytes);

}  // namespace btfbatch
