#include "pipeline/output_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"
#include "tests/support/tree.h"

namespace btfbatch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string refusal(const std::filesystem::path& out, const std::filesystem::path& archive,
                    RunError::Kind kind) {
  const auto folder = OutputFolder::open(out, archive);
  if (folder) {
    return "not refused";
  }
  EXPECT_EQ(folder.error().kind, kind);
  return folder.error().error.message;
}

TEST(OutputFolder, LeavesNoTraceUnlessCompleted) {
  const test::TempDir dir;
  {
    const auto folder = OutputFolder::open(dir / "new/deep/out", dir / "archive");
    ASSERT_TRUE(folder);
    EXPECT_TRUE(std::filesystem::is_directory(folder->blob_folder()));
    EXPECT_TRUE(std::filesystem::is_directory(folder->placing_folder()));
  }
  EXPECT_THAT(test::read_tree(dir.path()), IsEmpty());
  {
    auto folder = OutputFolder::open(dir / "new/deep/out", dir / "archive");
    ASSERT_TRUE(folder);
    folder->complete();
  }
  EXPECT_EQ(test::read_tree(dir.path()),
            (test::Tree{{"new", "folder"}, {"new/deep", "folder"}, {"new/deep/out", "folder"}}));
}

TEST(OutputFolder, KeepsTheJournalAndClearsTheRestOfACrash) {
  const test::TempDir dir;
  dir.write("out/.btfbatch-staging/blobs/0.btf", "half");
  dir.write("out/.btfbatch-staging/placing/tree/x.btf", "half");
  {
    auto folder = OutputFolder::open(dir / "out", dir / "archive");
    ASSERT_TRUE(folder);
    EXPECT_THAT(folder->ours(), IsEmpty());
    EXPECT_TRUE(std::filesystem::is_empty(folder->blob_folder()));
    EXPECT_TRUE(std::filesystem::is_empty(folder->placing_folder()));
    ASSERT_TRUE(folder->write_journal({"a/1.btf"}));
  }
  EXPECT_EQ(test::read_tree(dir / "out").size(), 2U);  // staging and the journal
  {
    auto folder = OutputFolder::open(dir / "out", dir / "archive");
    ASSERT_TRUE(folder);
    EXPECT_EQ(folder->ours(), (PathSet{"a/1.btf"}));
    ASSERT_TRUE(folder->write_journal({"b/2.btf"}));
  }
  auto folder = OutputFolder::open(dir / "out", dir / "archive");
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->ours(), (PathSet{"a/1.btf", "b/2.btf"}));
  folder->complete();
  EXPECT_THAT(test::read_tree(dir / "out"), IsEmpty());
}

TEST(OutputFolder, AJournalCannotLeadAstray) {
  const test::TempDir dir;
  dir.write("out/.btfbatch-staging/journal.json", R"(["../x", "/etc/passwd", 7, "fine.btf"])");
  const auto folder = OutputFolder::open(dir / "out", dir / "archive");
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->ours(), (PathSet{"fine.btf"}));
}

TEST(OutputFolder, RefusesArchiveAndOutputWithinEachOther) {
  const test::TempDir dir;
  std::filesystem::create_directories(dir / "archive/sub");
  dir.link("link", "archive");
  const auto kUsage = RunError::Kind::kUsage;
  EXPECT_THAT(refusal(dir / "archive", dir / "archive", kUsage),
              HasSubstr("inside of the archive"));
  EXPECT_THAT(refusal(dir / "archive/sub/out", dir / "archive", kUsage),
              HasSubstr("inside of the archive"));
  EXPECT_THAT(refusal(dir / "link/out", dir / "archive", kUsage),
              HasSubstr("inside of the archive"));
  EXPECT_THAT(refusal(dir.path(), dir / "archive", kUsage), HasSubstr("lies inside of --out"));
  EXPECT_FALSE(std::filesystem::exists(dir / "archive/sub/out"));
  // A name that only begins like the archive's.
  EXPECT_TRUE(OutputFolder::open(dir / "archive2", dir / "archive"));
}

TEST(OutputFolder, RefusesWhatCannotBeAnOutput) {
  const test::TempDir dir;
  dir.write("file", "x");
  EXPECT_THAT(refusal(dir / "file", dir / "archive", RunError::Kind::kUsage),
              HasSubstr("is a file, not a folder"));
  EXPECT_THAT(refusal(dir / "file/out", dir / "archive", RunError::Kind::kOutput),
              HasSubstr("Not a directory"));
  EXPECT_THAT(refusal("/proc/btfbatch", dir / "archive", RunError::Kind::kOutput),
              HasSubstr("cannot create"));
  EXPECT_THAT(refusal("", dir / "archive", RunError::Kind::kUsage), HasSubstr("empty"));
}

TEST(OutputFolder, TwoRunsAtOnceAreRefused) {
  const test::TempDir dir;
  const auto first = OutputFolder::open(dir / "out", dir / "archive");
  ASSERT_TRUE(first);
  EXPECT_THAT(refusal(dir / "out", dir / "archive", RunError::Kind::kOutput),
              HasSubstr("another btfbatch is just using it"));
  // The refused one has not touched the other's staging.
  EXPECT_TRUE(std::filesystem::is_directory(first->blob_folder()));
}

TEST(OutputFolder, NothingIsRemovedWhereALinkInThePlaceOfStagingLeads) {
  const test::TempDir dir;
  dir.write("foreign/blobs/precious", "x");
  std::filesystem::create_directory(dir / "out");
  dir.link("out/.btfbatch-staging", "../foreign");
  EXPECT_THAT(refusal(dir / "out", dir / "archive", RunError::Kind::kOutput),
              HasSubstr(".btfbatch-staging is in the way"));
  EXPECT_TRUE(std::filesystem::exists(dir / "foreign/blobs/precious"));
}

TEST(OutputFolder, ARunWhoseFolderWasReplacedLeavesTheNewOneAlone) {
  const test::TempDir dir;
  {
    auto first = OutputFolder::open(dir / "out", dir / "archive");
    ASSERT_TRUE(first);
    std::filesystem::remove_all(dir / "out");
    const auto second = OutputFolder::open(dir / "out", dir / "archive");
    ASSERT_TRUE(second);
    const Result<void> written = first->write_journal({"a/1.btf"});
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, HasSubstr("was removed or replaced during this run"));
    EXPECT_FALSE(first->is_placing());
    {
      const OutputFolder ended = *std::move(first);
    }
    EXPECT_TRUE(std::filesystem::is_directory(second->blob_folder()));
  }
  EXPECT_THAT(test::read_tree(dir.path()), IsEmpty());
}

}  // namespace
}  // namespace btfbatch
