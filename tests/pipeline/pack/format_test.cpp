#include "pipeline/pack/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>

namespace btfbatch {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kBlobsSize = 1000;

PackIndex an_index() {
  PackIndex index;
  index.blobs.push_back({.offset = 0, .size = 600, .btf_size = 5000, .id = {1, 2}, .checksum = 3});
  index.blobs.push_back(
      {.offset = 600, .size = 400, .btf_size = 6000, .id = {4, 5}, .checksum = 6, .base = 0});
  index.kernels.push_back(
      {.path = "a/1/x86_64/5.4.btf", .blob = 1, .compressed_size = 9, .source_hash = {7, 8}});
  index.kernels.push_back({.path = "b", .blob = 0, .compressed_size = 10, .source_hash = {9, 9}});
  index.failures.push_back(
      {.path = "c", .reason = "empty", .compressed_size = 11, .seen_by_scan = true});
  index.aliases.push_back({.path = "a/one", .target = "a/1", .is_directory = true});
  index.ignored = {"README", std::string("\xff\0x", 3)};
  return index;
}

std::string refusal(const PackIndex& index, std::uint64_t blobs_size = kBlobsSize) {
  const Result<PackIndex> read = decode_pack_index(encode_pack_index(index), blobs_size);
  return read ? "" : read.error().message;
}

TEST(PackFormat, IndexIsReadAsItWasWritten) {
  const PackIndex index = an_index();
  const std::vector<std::byte> bytes = encode_pack_index(index);
  EXPECT_EQ(bytes.size() % 8, 0U);
  const Result<PackIndex> read = decode_pack_index(bytes, kBlobsSize);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(encode_pack_index(*read), bytes);
  EXPECT_EQ(read->kernels[0].path, "a/1/x86_64/5.4.btf");
  EXPECT_EQ(read->kernels[0].source_hash, (ContentId{7, 8}));
  EXPECT_EQ(read->blobs[1].base, 0U);
  EXPECT_FALSE(read->blobs[0].base);
  EXPECT_EQ(read->depth(1), 1U);
  EXPECT_EQ(read->aliases, index.aliases);
  EXPECT_EQ(read->ignored, index.ignored);
  EXPECT_TRUE(read->failures[0].seen_by_scan);
}

// The offsets of the essay in format.h, by hand.
TEST(PackFormat, FieldsLieWhereTheDocumentSays) {
  const std::vector<std::byte> bytes = encode_pack_index(an_index());
  const auto u32 = [&](std::size_t offset) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
  };
  EXPECT_EQ(u32(0), 2U);
  EXPECT_EQ(u32(4), 2U);
  EXPECT_EQ(u32(8), 1U);
  EXPECT_EQ(u32(12), 1U);
  EXPECT_EQ(u32(16), 2U);
  const std::size_t second_blob = 24 + 64;
  EXPECT_EQ(u32(second_blob), 600U);
  EXPECT_EQ(u32(second_blob + 8), 400U);
  EXPECT_EQ(u32(second_blob + 16), 6000U);
  EXPECT_EQ(u32(second_blob + 24), 4U);
  EXPECT_EQ(u32(second_blob + 40), 6U);
  EXPECT_EQ(u32(second_blob + 48), 0U);
  EXPECT_EQ(u32(second_blob + 52), 1U);
  EXPECT_EQ(u32(24 + 48), 0xffffffffU);
  const std::size_t first_kernel = 24 + 2 * 64;
  EXPECT_EQ(u32(first_kernel + 4), std::strlen("a/1/x86_64/5.4.btf"));
  EXPECT_EQ(u32(first_kernel + 8), 1U);
  EXPECT_EQ(u32(first_kernel + 16), 9U);
  EXPECT_EQ(u32(first_kernel + 24), 7U);
  const std::size_t strings = first_kernel + 2 * 40 + 32 + 24 + 2 * 8;
  EXPECT_EQ(std::memcmp(bytes.data() + strings + u32(first_kernel), "a/1/", 4), 0);
}

TEST(PackFormat, RefusesWhatContradictsItself) {
  const auto changed = [](const std::function<void(PackIndex&)>& change) {
    PackIndex index = an_index();
    change(index);
    return refusal(index);
  };
  EXPECT_EQ(changed([](PackIndex&) {}), "");
  EXPECT_THAT(changed([](PackIndex& i) { i.blobs[1].base = 1; }), HasSubstr("stand before"));
  EXPECT_THAT(changed([](PackIndex& i) { i.blobs[1].offset = 601; }), HasSubstr("outside"));
  EXPECT_THAT(changed([](PackIndex& i) { i.blobs[1].size = ~0ULL; }), HasSubstr("outside"));
  EXPECT_THAT(changed([](PackIndex& i) { i.blobs[1].btf_size = ~0ULL; }), HasSubstr("more BTF"));
  EXPECT_THAT(changed([](PackIndex& i) { i.blobs[0].btf_size = kLargestBase + 1; }),
              HasSubstr("too large"));
  EXPECT_THAT(changed([](PackIndex& i) {
                for (std::uint32_t blob = 1; blob <= kDeepestBlob; ++blob) {
                  i.blobs.push_back(i.blobs[1]);
                  i.blobs.back().base = blob;
                }
              }),
              HasSubstr("too many bases"));
  EXPECT_THAT(changed([](PackIndex& i) { i.kernels[0].blob = 2; }), HasSubstr("field"));
  EXPECT_THAT(changed([](PackIndex& i) { std::swap(i.kernels[0], i.kernels[1]); }),
              HasSubstr("sorted"));
}

TEST(PackFormat, RefusesAnyOtherSize) {
  const std::vector<std::byte> bytes = encode_pack_index(an_index());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_pack_index(std::span(bytes).first(size), kBlobsSize)) << size;
  }
  std::vector<std::byte> longer = bytes;
  longer.resize(bytes.size() + 8);
  EXPECT_FALSE(decode_pack_index(longer, kBlobsSize));
}

TEST(PackFormat, HeaderOfAnotherVersionIsNamed) {
  const PackHeader header{.file_size = 2 * (80 + 8) + kBlobsSize,
                          .index_size = 8,
                          .index_checksum = {1, 2},
                          .blobs_checksum = {3, 4}};
  std::vector<std::byte> bytes = encode_pack_header(header);
  ASSERT_EQ(bytes.size(), kPackHeaderSize);
  const Result<PackHeader> read = decode_pack_header(bytes);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->blobs_size(), kBlobsSize);
  EXPECT_EQ(read->index_checksum, header.index_checksum);
  const auto seal = [&bytes] {
    const std::uint64_t checksum = blob_checksum(std::span(bytes).first(72));
    std::memcpy(bytes.data() + 72, &checksum, sizeof checksum);
  };
  constexpr std::string_view kOther = "has format version 3, and this btfbatch reads version 2";
  const std::string either = std::string(kOther) + "; or its header is damaged";
  bytes[8] = std::byte{3};
  EXPECT_EQ(decode_pack_header(bytes).error().message, either);
  // Of another size, so that nothing but magic and version is known of it.
  EXPECT_EQ(decode_pack_header(std::span(bytes).first(40)).error().message, either);
  seal();
  EXPECT_EQ(decode_pack_header(bytes).error().message, kOther);
  bytes[8] = std::byte{kPackVersion};
  bytes[24] = std::byte{9};  // an index size that is no multiple of 8
  seal();
  EXPECT_THAT(decode_pack_header(bytes).error().message, HasSubstr("contradict"));
}

}  // namespace
}  // namespace btfbatch
