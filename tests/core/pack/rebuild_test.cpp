#include "core/pack/rebuild.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <vector>

#include "core/pack/delta.h"
#include "core/pack/streams.h"
#include "tests/support/decoded_base.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using Bytes = std::vector<std::byte>;
using pack::Stream;

// `coded`, which has no patch, with one: type ID `id` at word `place` of the type section.
Bytes with_patch(std::span<const std::byte> coded, std::uint32_t place, std::uint32_t id) {
  auto in = pack::StreamReader::open(coded.subspan(1), 1 << 24).value();
  pack::StreamWriter out;
  for (int i = 0; i < 4; ++i) out.number(Stream::kHead, in.number(Stream::kHead));
  EXPECT_EQ(in.number(Stream::kHead), 0U);
  out.number(Stream::kHead, 1);
  for (std::size_t i = 1; i < pack::kStreamCount; ++i) {
    out.bytes(static_cast<Stream>(i), in.rest(static_cast<Stream>(i)));
  }
  out.number(Stream::kPatchPlaces, place);
  out.number(Stream::kPatchRefs, pack::zigzag(id));
  Bytes patched = {coded[0]};
  EXPECT_TRUE(out.append_to(patched, pack::StreamWriter::Form::kStored));
  return patched;
}

TEST(PackRebuild, PatchesAreTypeIdsWhereTypeIdsAre) {
  const Bytes btf = test::read_bytes(test::kernel_path("reference"));
  const Bytes coded = encode_delta(EncoderBase::make(btf), btf).value();
  const DecoderBase base = DecoderBase::make(btf);
  const auto kinds = pack::RebuildBase::open(btf).value();
  Bytes out(btf.size());
  std::size_t type_ids = 0;
  for (std::uint32_t place = 0; place < kinds.btf.word_count(); ++place) {
    const auto decoded = decode_delta(base, with_patch(coded, place, 1), out);
    EXPECT_EQ(decoded.has_value(), kinds.kinds.types.get(place)) << place;
    if (decoded) {
      ++type_ids;
      EXPECT_EQ(test::disprove(*decoded, out, coded, out.size()), "") << place;
      EXPECT_FALSE(decode_delta(base, with_patch(coded, place, kinds.btf.type_count()), out));
    }
  }
  EXPECT_GT(type_ids, 100U);
  EXPECT_FALSE(decode_delta(base, with_patch(coded, kinds.btf.word_count(), 1), out));
}

}  // namespace
}  // namespace btfbatch
