#include "pipeline/staged_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/support/temp_dir.h"
#include "tests/support/tree.h"

namespace btfbatch {
namespace {

using test::Tree;
using testing::HasSubstr;

Result<void> replace(const std::filesystem::path& path, std::string_view content) {
  Result<StagedFile> file = StagedFile::make(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  Result<void> done = file->write(test::as_byte_span(content));
  if (done) {
    done = file->sync();
  }
  return done ? file->place() : done;
}

std::string refusal_of_place(const std::filesystem::path& path) {
  const Result<StagedFile> file = StagedFile::make(path);
  return file ? "" : file.error().message;
}

TEST(StagedFile, ReplacesAFileWhenItIsPlacedAndNoSooner) {
  const test::TempDir dir;
  const auto path = dir.write("a", "old");
  Result<StagedFile> file = StagedFile::make(path);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write(test::as_byte_span("ne")));
  ASSERT_TRUE(file->write(test::as_byte_span("w")));
  ASSERT_TRUE(file->sync());
  EXPECT_EQ(file->size(), 3U);
  EXPECT_EQ(test::read_file(path), "old");
  ASSERT_TRUE(file->place());
  EXPECT_EQ(test::read_tree(dir.path()), (Tree{{"a", "file new"}}));
}

TEST(StagedFile, LeavesNothingWhereItIsNotPlaced) {
  const test::TempDir dir;
  const auto path = dir.write("a", "old");
  {
    Result<StagedFile> file = StagedFile::make(path);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write(test::as_byte_span("new")));
    const StagedFile moved = std::move(*file);
    EXPECT_EQ(test::read_tree(dir.path()).size(), 2U);
  }
  EXPECT_EQ(test::read_tree(dir.path()), (Tree{{"a", "file old"}}));
}

TEST(StagedFile, ReplacesWhatALinkLeadsTo) {
  const test::TempDir dir;
  dir.write("there/a", "old");
  dir.link("here/b", "../there/a");
  ASSERT_TRUE(replace(dir / "here/b", "new"));
  EXPECT_EQ(test::read_tree(dir.path()), (Tree{{"here", "folder"},
                                               {"here/b", "link ../there/a"},
                                               {"there", "folder"},
                                               {"there/a", "file new"}}));
}

TEST(StagedFile, TakesANameWithoutAFolder) {
  const test::TempDir dir;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  const Result<void> replaced = replace("a", "new");
  std::filesystem::current_path(before);
  EXPECT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(test::read_tree(dir.path()), (Tree{{"a", "file new"}}));
}

TEST(StagedFile, TakesOverWhatAKilledRunLeft) {
  const test::TempDir dir;
  dir.write(".a.btfbatch-staging", "longer than what is to be written");
  ASSERT_TRUE(replace(dir / "a", "new"));
  EXPECT_EQ(test::read_tree(dir.path()), (Tree{{"a", "file new"}}));
}

TEST(StagedFile, DoesNotWriteThroughALinkThatLiesInItsWay) {
  const test::TempDir dir;
  dir.write("victim", "old");
  dir.link(".a.btfbatch-staging", "victim");
  EXPECT_THAT(refusal_of_place(dir / "a"), HasSubstr("cannot be created"));
  EXPECT_EQ(test::read_file(dir / "victim"), "old");
}

TEST(StagedFile, RefusesASecondWriterAsLongAsThereIsOne) {
  const test::TempDir dir;
  {
    Result<StagedFile> first = StagedFile::make(dir / "a");
    ASSERT_TRUE(first);
    EXPECT_EQ(refusal_of_place(dir / "a"),
              (dir / "a").string() + ": another btfbatch is just writing it");
    ASSERT_TRUE(first->place());
  }
  EXPECT_TRUE(replace(dir / "a", "new"));
}

TEST(StagedFile, RefusesWhatIsNoFile) {
  const test::TempDir dir;
  dir.write("folder/a", "");
  EXPECT_THAT(refusal_of_place(dir / "folder"),
              HasSubstr("is there already, and is no regular file"));
  EXPECT_THAT(refusal_of_place(dir / "none/a"),
              HasSubstr("cannot be created: No such file or directory"));
  EXPECT_EQ(test::read_tree(dir.path()), (Tree{{"folder", "folder"}, {"folder/a", "file "}}));
}

}  // namespace
}  // namespace btfbatch
