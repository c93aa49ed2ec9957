#include "pipeline/bundle/btfs_compression.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "core/find/btfbatch_find.h"
#include "core/find/btfs_writer.h"
#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

using Bytes = std::vector<std::byte>;

Bytes stored_file() {
  std::vector<std::string> contents;
  for (int i = 0; i < 20; ++i) {
    contents.push_back(std::string(500, 'a') + std::to_string(i));
  }
  std::vector<BtfsKernel> kernels;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    kernels.push_back({.identity = {.distro = "debian",
                                    .release = "12",
                                    .arch = "x86_64",
                                    .kernel_release = "6.1.0-" + std::to_string(i) + "-amd64"},
                       .btf = test::as_byte_span(contents[i])});
  }
  return write_btfs(kernels, {.high = 1, .low = 2}).value();
}

void reseal(Bytes& file) {
  const std::uint64_t checksum = btfs_checksum(file);
  std::memcpy(file.data() + BTFBATCH_BTFS_CHECKSUM_OFFSET, &checksum, sizeof checksum);
}

TEST(BtfsCompression, GivesBackTheStoredFile) {
  const Bytes stored = stored_file();
  const auto compressed = compress_btfs(stored);
  ASSERT_TRUE(compressed) << compressed.error().message;
  EXPECT_LT(compressed->size(), stored.size() / 10);
  EXPECT_EQ(*compress_btfs(stored), *compressed);
  btfbatch_btfs btfs;
  EXPECT_EQ(btfbatch_open(&btfs, compressed->data(), compressed->size()), BTFBATCH_COMPRESSED);
  const auto expanded = expand_btfs(*compressed);
  ASSERT_TRUE(expanded) << expanded.error().message;
  EXPECT_EQ(*expanded, stored);
  EXPECT_EQ(*expand_btfs(stored), stored);
}

TEST(BtfsCompression, CompressesAFileWithoutKernels) {
  const Bytes stored = write_btfs({}, {}).value();
  EXPECT_EQ(*expand_btfs(*compress_btfs(stored)), stored);
}

// Larger than what is compressed between two questions whether to stop.
TEST(BtfsCompression, GoesOnUntilItIsAskedToStop) {
  std::string content;
  for (int i = 0; i < 45'000; ++i) {
    content += std::to_string(i * 7919) + " ";
  }
  const BtfsKernel kernels[] = {
      {.identity = identify_kernel("debian/12/x86_64/1.btf"), .btf = test::as_byte_span(content)}};
  const Bytes stored = write_btfs(kernels, {}).value();
  int asked = 0;
  const auto compressed = compress_btfs(stored, [&] { return ++asked, false; });
  EXPECT_GE(asked, 2);
  ASSERT_TRUE(compressed) << compressed.error().message;
  EXPECT_EQ(*expand_btfs(*compressed), stored);
  EXPECT_EQ(compress_btfs(stored).value(), *compressed);
  EXPECT_FALSE(compress_btfs(stored, [&] { return --asked == 0; }));
}

TEST(BtfsCompression, RefusesWhatIsNoStoredFile) {
  const Bytes compressed = compress_btfs(stored_file()).value();
  EXPECT_FALSE(compress_btfs(compressed));
  EXPECT_FALSE(compress_btfs({}));
}

TEST(BtfsExpansion, RefusesEveryTruncationAndEveryChangedByte) {
  const Bytes compressed = compress_btfs(stored_file()).value();
  for (std::size_t at = 0; at < compressed.size(); ++at) {
    EXPECT_FALSE(expand_btfs(std::span(compressed).first(at))) << at;
    Bytes changed = compressed;
    changed[at] ^= std::byte{0x10};
    EXPECT_FALSE(expand_btfs(changed)) << at;
  }
}

// The checksum made right again, zstd and the checks of the stored file have to hold.
TEST(BtfsExpansion, SurvivesEveryByteWithARightChecksum) {
  const Bytes compressed = compress_btfs(stored_file()).value();
  for (std::size_t at = 0; at < compressed.size(); ++at) {
    for (const int value : {0, 1, 0x40, 0xff}) {
      Bytes changed = compressed;
      changed[at] = static_cast<std::byte>(value);
      reseal(changed);
      if (const auto expanded = expand_btfs(changed)) {
        btfbatch_btfs btfs;
        EXPECT_EQ(btfbatch_open(&btfs, expanded->data(), expanded->size()), BTFBATCH_OK);
      }
    }
  }
}

TEST(BtfsExpansion, BelievesNoSize) {
  const Bytes stored = stored_file();
  Bytes compressed = compress_btfs(stored).value();
  EXPECT_TRUE(expand_btfs(compressed, stored.size()));
  EXPECT_FALSE(expand_btfs(compressed, stored.size() / 2));
  compressed[29] = std::byte{1};  // a terabyte
  reseal(compressed);
  EXPECT_FALSE(expand_btfs(compressed, UINT64_MAX));
}

}  // namespace
}  // namespace btfbatch
