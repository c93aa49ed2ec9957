#include "core/find/btfs_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "core/find/btfbatch_find.h"
#include "test_paths.h"
#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

using test::as_byte_span;

constexpr ContentId kFingerprint = {.high = 0x0011223344556677, .low = 0x8899aabbccddeeff};

BtfsKernel kernel(std::string distro, std::string release, std::string arch,
                  std::string kernel_release, std::string_view btf) {
  return {.identity = {.distro = std::move(distro),
                       .release = std::move(release),
                       .arch = std::move(arch),
                       .kernel_release = std::move(kernel_release)},
          .btf = as_byte_span(btf)};
}

// Two kernels with one BTF, one without any bytes, one of whom only the name is known.
std::vector<BtfsKernel> some_kernels() {
  return {kernel("ubuntu", "20.04", "x86_64", "5.4.0-58-generic", "shared by two"),
          kernel("debian", "12", "arm64", "6.1.0-9-arm64", "own"),
          kernel("debian", "12", "arm64", "6.1.0-10-arm64", ""),
          kernel("ubuntu", "20.04", "x86_64", "5.4.0-100-generic", "shared by two"),
          kernel("", "", "", "5.10.0", "sixteen bytes...")};
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

TEST(BtfsWriter, WritesWhatTheReaderReads) {
  const auto file = write_btfs(some_kernels(), kFingerprint);
  ASSERT_TRUE(file);
  btfbatch_btfs btfs;
  ASSERT_EQ(btfbatch_open(&btfs, file->data(), file->size()), BTFBATCH_OK);
  EXPECT_EQ(hex(std::as_bytes(std::span(btfbatch_fingerprint(&btfs), 16))), kFingerprint.hex());
  std::vector<std::string> read;
  ASSERT_EQ(btfbatch_kernel_count(&btfs), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    btfbatch_kernel one;
    ASSERT_EQ(btfbatch_kernel_at(&btfs, i, &one), BTFBATCH_OK);
    EXPECT_EQ((static_cast<const std::byte*>(one.data) - file->data()) % 8, 0);
    read.push_back(std::string(one.distro) + "/" + one.release + "/" + one.arch + "/" +
                   one.kernel_release + " " + std::to_string(one.blob) + " " +
                   std::string(static_cast<const char*>(one.data), one.size));
  }
  // The blobs in the order of arch, distro, release and version; the index by bytes.
  EXPECT_EQ(read, (std::vector<std::string>{
                      "///5.10.0 0 sixteen bytes...", "debian/12/arm64/6.1.0-10-arm64 2 ",
                      "debian/12/arm64/6.1.0-9-arm64 1 own",
                      "ubuntu/20.04/x86_64/5.4.0-100-generic 3 shared by two",
                      "ubuntu/20.04/x86_64/5.4.0-58-generic 3 shared by two"}));
  btfbatch_kernel none;
  EXPECT_EQ(btfbatch_kernel_at(&btfs, 5, &none), BTFBATCH_INVALID);
}

TEST(BtfsWriter, WritesTheSameInAnyOrder) {
  auto kernels = some_kernels();
  const auto file = write_btfs(kernels, kFingerprint);
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round) {
    std::ranges::shuffle(kernels, random);
    EXPECT_EQ(*write_btfs(kernels, kFingerprint), *file);
  }
  // Given twice is the same as given once.
  kernels.push_back(kernels.front());
  EXPECT_EQ(*write_btfs(kernels, kFingerprint), *file);
}

// The format is for ever: what is written today is what is written tomorrow. The Go package reads
// this file too. After a change of the format that is meant, write it anew from the test's output.
TEST(BtfsWriter, WritesTheGoldenFile) {
  const auto file = write_btfs(some_kernels(), kFingerprint);
  ASSERT_TRUE(file);
  const std::string golden = test::read_file(BTFBATCH_SOURCE_DIR "/tests/data/golden.btfs");
  EXPECT_EQ(hex(*file), hex(as_byte_span(golden)));
}

TEST(BtfsWriter, WritesAFileWithoutKernels) {
  const auto file = write_btfs({}, {});
  ASSERT_TRUE(file);
  btfbatch_btfs btfs;
  ASSERT_EQ(btfbatch_open(&btfs, file->data(), file->size()), BTFBATCH_OK);
  EXPECT_EQ(btfbatch_kernel_count(&btfs), 0U);
}

TEST(BtfsWriter, TakesWiderNumbersWhereItMust) {
  std::vector<std::string> contents;
  for (std::size_t i = 0; i < 70'000; ++i) {
    contents.push_back("btf " + std::to_string(i));
  }
  std::vector<BtfsKernel> kernels;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    kernels.push_back(kernel("d", "1", "x86_64", "5.4.0-" + std::to_string(i), contents[i]));
  }
  for (const std::size_t count : {250U, 300U, 70'000U}) {
    const auto file = write_btfs(std::span(kernels).first(count), {});
    ASSERT_TRUE(file);
    btfbatch_btfs btfs;
    ASSERT_EQ(btfbatch_open(&btfs, file->data(), file->size()), BTFBATCH_OK) << count;
    ASSERT_EQ(btfbatch_kernel_count(&btfs), count);
    for (std::size_t i = 0; i < count; i += 97) {
      btfbatch_kernel one;
      ASSERT_EQ(btfbatch_kernel_at(&btfs, i, &one), BTFBATCH_OK);
      EXPECT_EQ(std::string(static_cast<const char*>(one.data), one.size),
                "btf " + std::string(one.kernel_release).substr(6));
    }
  }
}

TEST(BtfsWriter, RefusesWhatTheFormatCannotHold) {
  const std::string long_name(256, 'a');
  for (const std::string& name : {std::string("a/b"), std::string("a\nb"), std::string("a\0b", 3),
                                  std::string("\x7f"), long_name}) {
    EXPECT_FALSE(write_btfs(std::vector{kernel("d", "1", "x86_64", name, "btf")}, {})) << name;
    EXPECT_FALSE(write_btfs(std::vector{kernel(name, "1", "x86_64", "k", "btf")}, {})) << name;
  }
  EXPECT_TRUE(write_btfs(std::vector{kernel("d", "1", "x86_64", long_name.substr(1), "btf")}, {}));
  const auto twice = write_btfs(
      std::vector{kernel("d", "1", "x86_64", "k", "a"), kernel("d", "1", "x86_64", "k", "b")}, {});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message, "kernel d/1/x86_64/k is given twice, with different BTF");
}

TEST(BtfsChecksum, IsCrc64Xz) {
  // The check value of CRC-64/XZ is that of "123456789"; the first bytes here are not the
  // checksum's.
  EXPECT_EQ(btfs_checksum(as_byte_span("123456789")), 0x995dc9bbdf1939faU);
}

}  // namespace
}  // namespace btfbatch
