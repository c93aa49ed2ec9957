// The pack's codec. A kernel must come back, by itself, against a base, and as the base of another;
// what was coded, damaged, must give an error or some bytes; and so must the input itself, taken
// for something coded.
#include <algorithm>
#include <cstring>
#include <string>

#include "core/pack/delta.h"
#include "tests/fuzz/support/mutate.h"
#include "tests/fuzz/support/require.h"
#include "tests/support/damaged_pack.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch::fuzz {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t kLargest = 1 << 16;  // bytes

const Bytes& reference() {
  static const Bytes bytes = test::read_bytes(test::kernel_path("reference"));
  return bytes;
}

Bytes delta(const EncoderBase& base, std::span<const std::byte> btf) {
  auto coded = encode_delta(base, btf);
  require(coded.has_value(), "coding failed");
  return *std::move(coded);
}

void require_decoded(const Result<void>& decoded, const Bytes& out,
                     std::span<const std::byte> wanted) {
  require(decoded.has_value(), decoded ? "" : "decoding failed: " + decoded.error().message);
  require(std::ranges::equal(out, wanted), "other bytes came back");
}

void round_trip(const Bytes& base, std::span<const std::byte> btf, Random& random) {
  const Bytes coded = delta(EncoderBase::make(base), btf);
  const DecoderBase decoder = DecoderBase::make(base);
  Bytes out(btf.size());
  require_decoded(decode_delta(decoder, coded, out), out, btf);
  if (coded[0] == std::byte{1}) {
    static_cast<void>(decode_delta(decoder, test::damage_streams(coded, random), out));
  }
  // Against another base than it was coded against.
  static_cast<void>(decode_whole(coded, out));
}

}  // namespace
}  // namespace btfbatch::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  btfbatch::fuzz::Random random(seed);
  if (seed % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
  return btfbatch::fuzz::mutate_btf(data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  if (size > fuzz::kLargest) return 0;
  const auto bytes = std::as_bytes(std::span(data, size));
  const fuzz::Bytes btf(bytes.begin(), bytes.end());
  std::uint32_t seed = static_cast<std::uint32_t>(size);
  for (const std::uint8_t byte : std::span(data, size)) seed = seed * 31 + byte;
  fuzz::Random random(seed);

  fuzz::Bytes out(btf.size());
  const auto whole = encode_whole(btf);
  fuzz::require(whole.has_value(), "coding failed");
  fuzz::require_decoded(decode_whole(*whole, out), out, btf);
  fuzz::round_trip(fuzz::reference(), btf, random);
  fuzz::round_trip(btf, fuzz::reference(), random);

  out.resize(fuzz::kLargest);
  static_cast<void>(decode_whole(btf, out));
  static_cast<void>(decode_delta(DecoderBase::make(fuzz::reference()), btf, out));
  const double likeness = Sketch::of(btf).likeness(Sketch::of(fuzz::reference()));
  fuzz::require(likeness >= 0 && likeness <= 1, "a likeness is a share");
  return 0;
}
