// The pack's codec. A kernel must come back, by itself, against a base, and as the base of another;
// what was coded, damaged, must give an error or some bytes; and so must the input itself, taken
// for something coded. Whatever was decoded, be it wrong, must be what opening takes it for.
#include <algorithm>
#include <cstring>
#include <string>

#include "core/pack/delta.h"
#include "tests/fuzz/support/mutate.h"
#include "tests/fuzz/support/require.h"
#include "tests/support/damaged_pack.h"
#include "tests/support/decoded_base.h"
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

// `coded` and `size`: what to try it as a base for.
void require_sound(const Result<DecoderBase>& decoded, const Bytes& out, const Bytes& coded,
                   std::size_t size) {
  if (!decoded) return;
  const std::string wrong = test::disprove(*decoded, out, coded, size);
  require(wrong.empty(), wrong);
}

void require_decoded(const Result<DecoderBase>& decoded, const Bytes& out, const Bytes& coded,
                     std::span<const std::byte> wanted) {
  require(decoded.has_value(), decoded ? "" : "decoding failed: " + decoded.error().message);
  require(std::ranges::equal(out, wanted), "other bytes came back");
  require_sound(decoded, out, coded, out.size());
}

void round_trip(const Bytes& base, std::span<const std::byte> btf, Random& random) {
  const Bytes coded = delta(EncoderBase::make(base), btf);
  const DecoderBase decoder = DecoderBase::make(base);
  Bytes out(btf.size());
  require_decoded(decode_delta(decoder, coded, out), out, coded, btf);
  if (coded[0] == std::byte{1}) {
    const Bytes damaged = test::damage_streams(coded, random);
    require_sound(decode_delta(decoder, damaged, out), out, coded, btf.size());
  }
  // Against another base than it was coded against.
  require_sound(decode_whole(coded, out), out, coded, btf.size());
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
  fuzz::require_decoded(decode_whole(*whole, out), out, *whole, btf);
  fuzz::round_trip(fuzz::reference(), btf, random);
  fuzz::round_trip(btf, fuzz::reference(), random);

  out.resize(fuzz::kLargest);
  fuzz::require_sound(decode_whole(btf, out), out, btf, out.size());
  const DecoderBase reference = DecoderBase::make(fuzz::reference());
  fuzz::require_sound(decode_delta(reference, btf, out), out, btf, out.size());
  const double likeness = Sketch::of(btf).likeness(Sketch::of(fuzz::reference()));
  fuzz::require(likeness >= 0 && likeness <= 1, "a likeness is a share");
  return 0;
}
