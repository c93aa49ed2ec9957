#include "core/content_id.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

ContentId id_of(std::string_view text) {
  return content_id_of(test::as_byte_span(text));
}

// Expectations are those of `xxhsum -H2`, so that anyone can check a tree with it.
TEST(ContentId, IsWhatXxhsumPrints) {
  EXPECT_EQ(id_of("").hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(id_of("btfbatch\n").hex(), "d68a0a1afec59629f29d3cf05d08aa0b");
}

TEST(ContentId, KeepsLeadingZeros) {
  EXPECT_EQ((ContentId{.high = 0x1, .low = 0xab}.hex()), "000000000000000100000000000000ab");
}

TEST(ContentId, DiffersWhereBytesDiffer) {
  EXPECT_NE(id_of("a"), id_of("b"));
  EXPECT_EQ(id_of("same"), id_of("same"));
}

TEST(ContentHasher, PiecesGiveTheIdOfTheWhole) {
  ContentHasher hasher;
  EXPECT_EQ(hasher.id(), id_of(""));
  std::string whole;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
    hasher.add(test::as_byte_span(piece));
    whole += piece;
  }
  EXPECT_EQ(hasher.id(), id_of(whole));
}

}  // namespace
}  // namespace btfbatch
