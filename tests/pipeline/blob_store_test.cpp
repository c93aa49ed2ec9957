#include "pipeline/blob_store.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

using test::as_byte_span;

constexpr ContentId kSameId{.high = 1, .low = 2};

TEST(BlobStore, WritesEachContentOnce) {
  const test::TempDir dir;
  BlobStore blobs(dir.path());
  EXPECT_EQ(blobs.add({.high = 0, .low = 1}, as_byte_span("one")), 0U);
  EXPECT_EQ(blobs.add({.high = 0, .low = 2}, as_byte_span("two")), 1U);
  EXPECT_EQ(blobs.add({.high = 0, .low = 1}, as_byte_span("one")), 0U);
  EXPECT_EQ(blobs.size(), 2U);
  EXPECT_EQ(test::read_file(blobs.file(0)), "one");
  EXPECT_EQ(test::read_file(blobs.file(1)), "two");
  EXPECT_EQ(blobs.id(1), (ContentId{.high = 0, .low = 2}));
}

// Nobody has two BTFs with one XXH3-128, so the test says that they have.
TEST(BlobStore, EqualIdsDoNotMakeContentsEqual) {
  const test::TempDir dir;
  BlobStore blobs(dir.path());
  EXPECT_EQ(blobs.add(kSameId, as_byte_span("aaa")), 0U);
  EXPECT_EQ(blobs.add(kSameId, as_byte_span("bbb")), 1U);
  EXPECT_EQ(blobs.add(kSameId, as_byte_span("cccc")), 2U);
  EXPECT_EQ(blobs.add(kSameId, as_byte_span("bbb")), 1U);
  EXPECT_EQ(test::read_file(blobs.file(1)), "bbb");
}

TEST(BlobStore, DoesNotWriteWhatAnEarlierFileHolds) {
  const test::TempDir dir;
  const auto earlier = dir.write("out/a.btf", "one");
  const auto another = dir.write("out/b.btf", "one");
  std::filesystem::create_directory(dir / "blobs");
  BlobStore blobs(dir / "blobs");
  const ContentId id = content_id_of(as_byte_span("one"));
  EXPECT_EQ(blobs.add(id, as_byte_span("one"), earlier), 0U);
  EXPECT_EQ(blobs.add(id, as_byte_span("one"), earlier), 0U);
  EXPECT_EQ(blobs.add(id, as_byte_span("one"), another), 0U);
  EXPECT_EQ(blobs.add(id, as_byte_span("one")), 0U);
  EXPECT_EQ(blobs.file(0), earlier);
  EXPECT_FALSE(blobs.is_own(0));
  EXPECT_EQ(blobs.read(0), "one");
  EXPECT_TRUE(std::filesystem::is_empty(dir / "blobs"));

  EXPECT_EQ(blobs.add(content_id_of(as_byte_span("two")), as_byte_span("two")), 1U);
  EXPECT_TRUE(blobs.is_own(1));
  EXPECT_EQ(blobs.read(1), "two");

  // Somebody writes into the output while we run.
  dir.write("out/a.btf", "0ne");
  const auto changed = blobs.read(0);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().message, earlier.string() + ": has changed during this run");
  EXPECT_FALSE(blobs.add(id, as_byte_span("one"), another));
}

TEST(BlobStore, TellsWhatCannotBeWrittenOrReadBack) {
  const test::TempDir dir;
  BlobStore nowhere(dir / "missing");
  const auto unwritten = nowhere.add(kSameId, as_byte_span("x"));
  ASSERT_FALSE(unwritten);
  EXPECT_TRUE(unwritten.error().message.ends_with("No such file or directory"))
      << unwritten.error().message;

  BlobStore blobs(dir.path());
  ASSERT_TRUE(blobs.add(kSameId, as_byte_span("x")));
  std::filesystem::remove(blobs.file(0));
  EXPECT_FALSE(blobs.add(kSameId, as_byte_span("x")));
}

}  // namespace
}  // namespace btfbatch
