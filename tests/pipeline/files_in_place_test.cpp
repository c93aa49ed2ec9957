#include "pipeline/files_in_place.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

namespace fs = std::filesystem;
using test::as_byte_span;

class FilesInPlaceTest : public ::testing::Test {
 protected:
  FilesInPlaceTest() : blobs_(dir_ / "blobs") { fs::create_directory(dir_ / "blobs"); }

  std::size_t blob(std::string_view content, const fs::path& earlier = {}) {
    return blobs_.add(content_id_of(as_byte_span(content)), as_byte_span(content), earlier).value();
  }

  test::TempDir dir_;
  BlobStore blobs_;
};

TEST_F(FilesInPlaceTest, AFileStaysWhereItHasTheBlobsBytes) {
  const std::size_t one = blob("one");
  for (const Layout layout :
       {Layout::kSymlink, Layout::kHardlink, Layout::kCopy, Layout::kIndexed}) {
    FilesInPlace files(blobs_, layout);
    EXPECT_EQ(files.staying(one), nullptr);
    EXPECT_FALSE(files.may_stay(dir_.write("a", "two"), one));
    EXPECT_FALSE(files.may_stay(dir_.write("a", "ones"), one));
    EXPECT_FALSE(files.may_stay(dir_.write("a", ""), one));
    EXPECT_FALSE(files.may_stay(dir_ / "missing", one));
    EXPECT_EQ(files.staying(one), nullptr);
    EXPECT_TRUE(files.may_stay(dir_.write("a", "one"), one));
    ASSERT_NE(files.staying(one), nullptr);
    EXPECT_EQ(*files.staying(one), dir_ / "a");
  }
}

TEST_F(FilesInPlaceTest, TheFileThatServesAsTheBlobStays) {
  const fs::path earlier = dir_.write("a", "one");
  FilesInPlace files(blobs_, Layout::kSymlink);
  EXPECT_TRUE(files.may_stay(earlier, blob("one", earlier)));
}

TEST_F(FilesInPlaceTest, LinksAndFoldersDoNotStay) {
  const std::size_t one = blob("one");
  dir_.write("a", "one");
  dir_.link("link", "a");
  fs::create_directory(dir_ / "folder");
  FilesInPlace files(blobs_, Layout::kSymlink);
  EXPECT_FALSE(files.may_stay(dir_ / "link", one));
  EXPECT_FALSE(files.may_stay(dir_ / "folder", one));
}

TEST_F(FilesInPlaceTest, InodesAreSharedAsTheLayoutSays) {
  const std::size_t one = blob("one");
  dir_.write("a", "one");
  fs::create_hard_link(dir_ / "a", dir_ / "b");
  dir_.write("c", "one");
  FilesInPlace shared(blobs_, Layout::kHardlink);
  EXPECT_TRUE(shared.may_stay(dir_ / "a", one));
  EXPECT_TRUE(shared.may_stay(dir_ / "b", one));
  EXPECT_FALSE(shared.may_stay(dir_ / "c", one));
  for (const Layout layout : {Layout::kSymlink, Layout::kCopy, Layout::kIndexed}) {
    FilesInPlace alone(blobs_, layout);
    EXPECT_FALSE(alone.may_stay(dir_ / "a", one));
    EXPECT_FALSE(alone.may_stay(dir_ / "b", one));
    EXPECT_TRUE(alone.may_stay(dir_ / "c", one));
  }
}

TEST_F(FilesInPlaceTest, ATextIsHeldByAFileAlone) {
  EXPECT_TRUE(holds_text(dir_.write("a", "text"), "text"));
  EXPECT_FALSE(holds_text(dir_ / "a", "next"));
  EXPECT_FALSE(holds_text(dir_ / "a", "tex"));
  EXPECT_FALSE(holds_text(dir_ / "missing", ""));
  dir_.link("link", "a");
  EXPECT_FALSE(holds_text(dir_ / "link", "text"));
}

}  // namespace
}  // namespace btfbatch
