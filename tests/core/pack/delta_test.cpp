#include "core/pack/delta.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "tests/fuzz/support/btf_mutator.h"
#include "tests/support/btf_bytes.h"
#include "tests/support/damaged_pack.h"
#include "tests/support/decoded_base.h"
#include "tests/support/memory_file.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using Bytes = std::vector<std::byte>;

// What round trips must hold for: the compiled kernels, and bytes that are none.
std::map<std::string, Bytes> samples() {
  std::map<std::string, Bytes> samples;
  for (const auto& name : test::kernel_names()) {
    samples[name] = test::read_bytes(test::kernel_path(name));
  }
  samples["nothing"] = {};
  samples["one byte"] = Bytes(1, std::byte{0x9f});
  samples["zeros"] = Bytes(100'000);
  samples["every kind"] = test::every_kind().bytes();
  samples["big-endian"] = test::every_kind().bytes(true);
  samples["32-byte header"] = test::every_kind().bytes(false, 32);
  Bytes trailing = test::every_kind().bytes();
  trailing.push_back(std::byte{7});
  samples["trailing byte"] = trailing;
  Bytes cut = test::every_kind().bytes();
  cut.pop_back();
  samples["cut short"] = cut;
  return samples;
}

class PackDelta : public testing::Test {
 protected:
  const std::map<std::string, Bytes> samples_ = samples();
};

TEST_F(PackDelta, WholeComesBack) {
  for (const auto& [name, bytes] : samples_) {
    const auto coded = encode_whole(bytes);
    ASSERT_TRUE(coded) << name << ": " << coded.error().message;
    Bytes out(bytes.size(), std::byte{0xaa});
    const auto decoded = decode_whole(*coded, out);
    ASSERT_TRUE(decoded) << name << ": " << decoded.error().message;
    EXPECT_EQ(out, bytes) << name;
  }
}

TEST_F(PackDelta, DeltaOfEveryPairComesBack) {
  for (const auto& [base_name, base] : samples_) {
    const EncoderBase encoder = EncoderBase::make(base);
    const DecoderBase decoder = DecoderBase::make(base);
    for (const auto& [name, bytes] : samples_) {
      const auto coded = encode_delta(encoder, bytes);
      ASSERT_TRUE(coded) << name << ": " << coded.error().message;
      Bytes out(bytes.size(), std::byte{0xaa});
      const auto decoded = decode_delta(decoder, *coded, out);
      ASSERT_TRUE(decoded) << name << " against " << base_name << ": " << decoded.error().message;
      EXPECT_EQ(out, bytes) << name << " against " << base_name;
      EXPECT_EQ(test::disprove(*decoded, out, *coded, out.size()), "")
          << name << " against " << base_name;
      EXPECT_EQ(encode_delta(encoder, bytes).value(), *coded) << name << " against " << base_name;
    }
  }
}

TEST_F(PackDelta, OtherSizeIsAnError) {
  const Bytes& bytes = samples_.at("reference");
  const EncoderBase encoder = EncoderBase::make(bytes);
  const DecoderBase decoder = DecoderBase::make(bytes);
  const auto whole = encode_whole(bytes);
  const auto delta = encode_delta(encoder, bytes);
  for (const std::size_t size : {std::size_t{0}, bytes.size() - 1, bytes.size() + 1}) {
    Bytes out(size);
    EXPECT_FALSE(decode_whole(*whole, out)) << size;
    EXPECT_FALSE(decode_delta(decoder, *delta, out)) << size;
  }
}

// What the typed coding is for: it, and not zstd on the bytes, did the work.
TEST_F(PackDelta, KernelsAreCodedByTheirTypes) {
  for (const auto& name : test::kernel_names()) {
    if (name == "reference.be") continue;
    EXPECT_EQ(encode_whole(samples_.at(name)).value()[0], std::byte{1}) << name;
  }
  const Bytes& reference = samples_.at("reference");
  EXPECT_LT(encode_delta(EncoderBase::make(reference), reference).value().size(), 64U);
}

// A kernel that changed a little against what it was: types taken away, put in, moved and changed.
TEST_F(PackDelta, ChangedKernelsComeBack) {
  std::minstd_rand random(1);
  for (const char* name : {"reference", "moved_fields", "other_kinds", "tagged"}) {
    const Bytes& base = samples_.at(name);
    const EncoderBase encoder = EncoderBase::make(base);
    const DecoderBase decoder = DecoderBase::make(base);
    auto changed = fuzz::EditableBtf::read(base).value();
    for (int i = 0; i < 150; ++i) {
      changed.change(random);
      const Bytes kernel = changed.bytes();
      Bytes out(kernel.size());
      const auto decoded = decode_delta(decoder, encode_delta(encoder, kernel).value(), out);
      ASSERT_TRUE(decoded) << name << " " << i << ": " << decoded.error().message;
      ASSERT_EQ(out, kernel) << name << " " << i;
      ASSERT_EQ(test::disprove(*decoded, out, encode_delta(encoder, base).value(), base.size()), "")
          << name << " " << i;
      // And the other way round: a strange kernel as the base.
      out.resize(base.size());
      const auto back = decode_delta(DecoderBase::make(kernel),
                                     encode_delta(EncoderBase::make(kernel), base).value(), out);
      ASSERT_TRUE(back) << name << " " << i << ": " << back.error().message;
      ASSERT_EQ(out, base) << name << " " << i;
    }
  }
}

TEST_F(PackDelta, CutShortIsAnErrorOrExact) {
  const Bytes& base = samples_.at("moved_fields");
  const Bytes& kernel = samples_.at("reference");
  const DecoderBase decoder = DecoderBase::make(base);
  const Bytes whole = encode_whole(kernel).value();
  const Bytes delta = encode_delta(EncoderBase::make(base), kernel).value();
  Bytes out(kernel.size());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_whole(std::span(whole).first(size), out)) << size;
  }
  for (std::size_t size = 0; size < delta.size(); ++size) {
    EXPECT_FALSE(decode_delta(decoder, std::span(delta).first(size), out)) << size;
  }
}

// What comes of it is an error, or a wrong BTF that the container's checksum finds, which has to be
// a sound one even so; the sanitizers see to it that nothing else is touched.
TEST_F(PackDelta, DamageDoesNotCrash) {
  std::minstd_rand random(2);
  const Bytes& base = samples_.at("moved_fields");
  const Bytes& kernel = samples_.at("reference");
  const DecoderBase decoder = DecoderBase::make(base);
  const DecoderBase other = DecoderBase::make(samples_.at("every kind"));
  const DecoderBase nothing = DecoderBase::make({});
  Bytes out(kernel.size());
  int errors = 0;
  for (const Bytes& coded :
       {encode_whole(kernel).value(), encode_delta(EncoderBase::make(base), kernel).value()}) {
    for (int i = 0; i < 500; ++i) {
      Bytes flipped = coded;
      flipped[random() % flipped.size()] ^= std::byte{1} << (random() % 8);
      const Bytes damaged = test::damage_streams(coded, random);
      for (const Bytes& bytes : {flipped, damaged}) {
        for (const DecoderBase* below : {&nothing, &decoder, &other}) {
          const auto decoded =
              below == &nothing ? decode_whole(bytes, out) : decode_delta(*below, bytes, out);
          if (!decoded) {
            ++errors;
          } else {
            ASSERT_EQ(test::disprove(*decoded, out, coded, out.size()), "");
          }
        }
      }
    }
  }
  EXPECT_GT(errors, 2000);
}

TEST_F(PackDelta, AnotherBaseIsAnErrorOrOtherBytes) {
  const Bytes& kernel = samples_.at("reference");
  const Bytes coded = encode_delta(EncoderBase::make(samples_.at("moved_fields")), kernel).value();
  Bytes out(kernel.size());
  for (const auto& [name, bytes] : samples_) {
    static_cast<void>(decode_delta(DecoderBase::make(bytes), coded, out));
  }
  EXPECT_FALSE(decode_delta(DecoderBase::make(samples_.at("nothing")), coded, out));
  EXPECT_FALSE(decode_whole(coded, out));
}

TEST_F(PackDelta, UnknownMethodIsAnError) {
  Bytes coded = encode_whole(samples_.at("reference")).value();
  coded[0] = std::byte{77};
  Bytes out(samples_.at("reference").size());
  const auto decoded = decode_whole(coded, out);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message, "coded in a way that this version does not know");
}

}  // namespace
}  // namespace btfbatch
