// The checked way to read numbers out of foreign bytes: all arithmetic on offsets that came from a
// file is done here.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace btfbatch {

static_assert(std::endian::native == std::endian::little,
              "btfbatch runs on little-endian machines; it reads BTF of both byte orders");

// The `size` bytes at `offset`, or nothing where they do not all lie within `bytes`.
[[nodiscard]] inline std::optional<std::span<const std::byte>> subspan_checked(
    std::span<const std::byte> bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
  return bytes.subspan(offset, size);
}

// Reads unsigned numbers of one byte order from borrowed bytes. Thread-safe.
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, bool big_endian)
      : bytes_(bytes), big_endian_(big_endian) {}

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  // The number at `offset`, or nothing where it would end outside of the bytes.
  template <std::unsigned_integral Number>
  [[nodiscard]] std::optional<Number> read(std::uint64_t offset) const {
    const auto field = subspan_checked(bytes_, offset, sizeof(Number));
    if (!field) return std::nullopt;
    Number value;
    std::memcpy(&value, field->data(), sizeof value);
    if constexpr (sizeof(Number) > 1) {
      if (big_endian_) value = std::byteswap(value);
    }
    return value;
  }

 private:
  std::span<const std::byte> bytes_;
  bool big_endian_;
};

}  // namespace btfbatch
