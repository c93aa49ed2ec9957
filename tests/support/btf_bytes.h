// BTF made by hand, word by word, for tests that need bytes no compiler would give them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/btf/format.h"

namespace btfbatch::test {

// Collects types and strings. Nothing is checked: a test may ask for nonsense.
class BtfBytes {
 public:
  // Adds a string, even one that is there already, and returns its offset. "" is always at 0.
  std::uint32_t string(std::string_view text);

  // Adds a type of any kind number; `words` are what follows its first 12 bytes. Returns its ID.
  std::uint32_t add(std::uint32_t kind, std::uint32_t name, std::uint32_t vlen,
                    std::uint32_t size_or_type, const std::vector<std::uint32_t>& words = {},
                    bool kind_flag = false);
  std::uint32_t add(btf::Kind kind, std::string_view name, std::uint32_t vlen,
                    std::uint32_t size_or_type, const std::vector<std::uint32_t>& words = {},
                    bool kind_flag = false) {
    return add(static_cast<std::uint32_t>(kind), string(name), vlen, size_or_type, words,
               kind_flag);
  }

  // A signed 4-byte "int".
  std::uint32_t add_int();

  // Header, types and strings, the header of 24 bytes, or with zeros up to `header_size`.
  [[nodiscard]] std::vector<std::byte> bytes(bool big_endian = false,
                                             std::uint32_t header_size = btf::kHeaderSize) const;

 private:
  std::vector<std::uint32_t> types_;
  std::string strings_ = std::string(1, '\0');
  std::uint32_t next_id_ = 1;
};

// A BTF with a type of every kind, int first. Small, so that it can be broken in every place.
[[nodiscard]] BtfBytes every_kind();

// Overwrites the little-endian word at `offset`.
void set_word(std::vector<std::byte>& bytes, std::size_t offset, std::uint32_t value);
[[nodiscard]] std::uint32_t get_word(std::span<const std::byte> bytes, std::size_t offset);

}  // namespace btfbatch::test
