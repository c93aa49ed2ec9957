// Writing BTF: our own bytes, so that they do not depend on the libbpf of the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace btfbatch {

// Collects types and strings, then gives the file. Types get the IDs 1, 2, … in the order in which
// they are added; each string is stored once, in the order of first use. Not thread-safe.
class BtfBuilder {
 public:
  BtfBuilder();

  // The offset of `text` in the string section, adding it if it is new. The empty string is at 0.
  std::uint32_t add_string(std::string_view text);

  // Adds a type: its words as of btf::Type and what follows, names as offsets from add_string.
  // Returns its type ID.
  std::uint32_t add_type(std::span<const std::uint32_t> words);

  // Bytes of all strings so far. To stay below 4 GiB, as the types must; that is the caller's part.
  [[nodiscard]] std::size_t string_size() const { return strings_.size(); }

  // Number of types so far, void not counted.
  [[nodiscard]] std::uint32_t type_count() const { return type_count_; }

  // Raw BTF, little-endian, with a 24-byte header, in which every type ID that a type refers to has
  // been replaced by new_ids[ID]. To be called once.
  [[nodiscard]] std::vector<std::byte> finish(std::span<const std::uint32_t> new_ids);

 private:
  std::vector<std::uint32_t> types_;
  std::uint32_t type_count_ = 0;
  std::string strings_;
  std::unordered_map<std::string, std::uint32_t> offsets_;
};

}  // namespace btfbatch
