// The root type names that an object set asks for, made to be asked 124,000 times a kernel.
#pragma once

#include <bitset>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/btf/format.h"
#include "core/btf/view.h"

namespace btfbatch {

// A set of (essential name, kind class). Nearly all of a kernel's types are not in it, and are told
// apart by their kind and the first four bytes of their name. Thread-safe once filled.
class WantedNames {
 public:
  // The index under which the name is found from now on: the same for the same name and kind class.
  std::uint32_t add(std::string_view name, btf::Kind kind);

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(names_.size()); }

  // The index of a kernel's type, if its essential name and kind are wanted.
  [[nodiscard]] std::optional<std::uint32_t> find(const BtfView& btf, const btf::Type& t) const {
    if (((kinds_ >> static_cast<unsigned>(t.kind())) & 1U) == 0 || t.name == 0) return std::nullopt;
    if (t.name + sizeof(std::uint32_t) <= btf.string_size() &&
        !prefixes_[prefix_hash(btf.string(t.name))]) {
      return std::nullopt;
    }
    return find_name(btf.string(t.name), t.kind());
  }

 private:
  static constexpr std::size_t kPrefixBits = 1U << 16;

  // Of the first four bytes, as far as the name goes.
  static std::size_t prefix_hash(const char* four) {
    std::uint32_t word;
    std::memcpy(&word, four, sizeof word);
    // Bytes behind a NUL belong to the next string.
    const std::uint32_t zero = (word - 0x01010101U) & ~word & 0x80808080U;
    if (zero != 0) word &= (zero & -zero) - 1;
    return (word * 0x9e3779b1U) >> 16;
  }

  [[nodiscard]] std::optional<std::uint32_t> find_name(std::string_view name, btf::Kind kind) const;

  std::uint32_t kinds_ = 0;  // bit n: some type of kind n is wanted
  std::bitset<kPrefixBits> prefixes_;
  std::map<std::pair<std::string, btf::Kind>, std::uint32_t, std::less<>> names_;
};

}  // namespace btfbatch
