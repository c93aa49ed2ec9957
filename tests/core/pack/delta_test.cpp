#include "core/pack/delta.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/support/btf_bytes.h"
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

}  // namespace
}  // namespace btfbatch
