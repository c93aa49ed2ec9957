// Codes the raw BTF of one kernel in a few per cent of its size, as a delta against the BTF of
// another kernel that is like it, or by itself; and gives it back byte for byte.
//
// Any bytes can be coded: what is no BTF, or an unusual one (big-endian, other headers, gaps), is
// only coded less tightly. The coded form carries no checksum and not the raw size: both belong
// into the container, which checks the decoded bytes before it hands them on. The same input gives
// the same coded bytes on every machine with the same libzstd.
//
// All functions are thread-safe; a base may be used from several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/btf/view.h"
#include "core/error.h"

namespace btfbatch {

// What neither coding nor decoding takes: raw BTF of more than 1 GiB.
inline constexpr std::size_t kMaxPackedBtf = std::size_t{1} << 30;

// Codes `btf` by itself. Slow (delta.cpp has times): for the few that have no base. Fails only on
// more than kMaxPackedBtf bytes.
[[nodiscard]] Result<std::vector<std::byte>> encode_whole(std::span<const std::byte> btf);

// A kernel to code others against, made ready once for any number of them. Takes about five times
// its raw size in memory.
class EncoderBase {
 public:
  // `btf` is borrowed and must outlive the base. Any bytes are taken.
  [[nodiscard]] static EncoderBase make(std::span<const std::byte> btf);

  EncoderBase(EncoderBase&&) noexcept;
  EncoderBase& operator=(EncoderBase&&) noexcept;
  ~EncoderBase();

  struct Parts;  // of the codec alone
  [[nodiscard]] const Parts& parts() const { return *parts_; }

 private:
  explicit EncoderBase(std::unique_ptr<const Parts> parts);
  std::unique_ptr<const Parts> parts_;
};

// The same kernel for decoding, half of its raw size in memory. What was decoded is one already.
// Made from other bytes than the EncoderBase was, decoding fails or gives other bytes: the
// container's checksum has to tell.
class DecoderBase {
 public:
  // `btf` is borrowed and must outlive the base. Any bytes are taken.
  [[nodiscard]] static DecoderBase make(std::span<const std::byte> btf);

  // The BTF, opened; nullptr where it is not of the usual layout (see core/pack/plain_btf.h), and
  // perhaps no BTF at all. Valid as long as the base and the bytes are.
  [[nodiscard]] const BtfView* view() const;

  DecoderBase(DecoderBase&&) noexcept;
  DecoderBase& operator=(DecoderBase&&) noexcept;
  ~DecoderBase();

  struct Parts;  // of the codec alone
  explicit DecoderBase(std::unique_ptr<const Parts> parts);
  [[nodiscard]] const Parts& parts() const { return *parts_; }

 private:
  std::unique_ptr<const Parts> parts_;
};

// Codes `btf` against `base`. Fails only on more than kMaxPackedBtf bytes. The result can be larger
// than what encode_whole gives where the two have little in common.
[[nodiscard]] Result<std::vector<std::byte>> encode_delta(const EncoderBase& base,
                                                          std::span<const std::byte> btf);

// Gives back in `out`, which has exactly the raw size and is 4-byte aligned, what encode_whole was
// given, and makes it a base, which borrows `out`. `coded` may be hostile: nothing is read or
// written out of bounds, no size in it is believed, and no memory beyond a small multiple of
// out.size() is used. Fails, saying why, where `coded` does not decode to exactly out.size() bytes;
// `out` then holds anything.
[[nodiscard]] Result<DecoderBase> decode_whole(std::span<const std::byte> coded,
                                               std::span<std::byte> out);

// The same for what encode_delta was given; the base may be hostile, too.
[[nodiscard]] Result<DecoderBase> decode_delta(const DecoderBase& base,
                                               std::span<const std::byte> coded,
                                               std::span<std::byte> out);

// A small sample (at most 8 KiB) of what is in a BTF, for choosing a base among many candidates
// without coding anything. A few milliseconds to make. Any bytes are taken.
class Sketch {
 public:
  [[nodiscard]] static Sketch of(std::span<const std::byte> btf);

  // How alike two kernels are, from 0 (nothing in common) to 1, the same either way round: about
  // the share of their types that occur in both, behind the same type. Microseconds. A delta's size
  // grows with 1 - likeness.
  [[nodiscard]] double likeness(const Sketch& other) const;

 private:
  std::vector<std::uint64_t> smallest_;  // hashes, ascending
};

}  // namespace btfbatch
