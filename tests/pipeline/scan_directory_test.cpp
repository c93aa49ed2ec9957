#include "pipeline/scan_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Scanned {
  std::vector<std::string> paths;     // of entries without a failure
  std::vector<std::string> failures;  // "path: reason"
  std::vector<std::string> aliases;   // "path -> target", with a '/' behind folders
  Findings found;
};

Scanned drain(Archive& archive) {
  Scanned scanned;
  while (std::optional<Entry> entry = archive.next()) {
    if (entry->failure) {
      scanned.failures.push_back(entry->archive_path + ": " + entry->failure->message);
    } else {
      scanned.paths.push_back(entry->archive_path);
    }
  }
  scanned.found = archive.findings();
  for (const Alias& alias : scanned.found.aliases) {
    scanned.aliases.push_back(alias.path + " -> " + alias.target + (alias.is_directory ? "/" : ""));
  }
  return scanned;
}

Scanned scan(const test::TempDir& dir, Filter filter = {}) {
  auto archive =
      open_directory_archive(dir.path(), {.filter = std::move(filter), .max_btf_size = 1 << 20});
  EXPECT_TRUE(archive) << archive.error().message;
  return drain(**archive);
}

TEST(ScanDirectory, ListsKernelsByPathAndIgnoresTheRest) {
  const test::TempDir dir;
  dir.write("ubuntu/20.04/x86_64/5.4.0-9.btf.tar.xz", "x");
  dir.write("ubuntu/20.04/x86_64/5.4.0-10.btf.tar.xz", "x");
  dir.write("ubuntu/20.04/x86_64/5.4.0-11.failed", "x");
  dir.write("ubuntu/20.04/x86_64/5.4.0-12.hasbtf", "");
  dir.write("common-android12-5.10/a12-arm64.btf.tar.xz", "x");
  dir.write("centos/7/3.10.btf", "x");
  dir.write("Zebra/vmlinux-5.4", "x");
  dir.write("README.md", "hello");
  dir.write(".git/objects/5.4.btf.tar.xz", "x");
  dir.write("ubuntu/.hidden.btf", "x");
  // No name to go by: the first bytes tell.
  dir.write("raw/5.10.0", test::read_file(test::kernel_path("reference")));

  const Scanned scanned = scan(dir);
  EXPECT_THAT(scanned.paths, ElementsAre("Zebra/vmlinux-5.4", "centos/7/3.10.btf",
                                         "common-android12-5.10/a12-arm64.btf.tar.xz", "raw/5.10.0",
                                         "ubuntu/20.04/x86_64/5.4.0-10.btf.tar.xz",
                                         "ubuntu/20.04/x86_64/5.4.0-9.btf.tar.xz"));
  EXPECT_THAT(scanned.failures, IsEmpty());
  EXPECT_THAT(scanned.found.ignored, ElementsAre("README.md", "ubuntu/20.04/x86_64/5.4.0-11.failed",
                                                 "ubuntu/20.04/x86_64/5.4.0-12.hasbtf"));
}

TEST(ScanDirectory, EmptyFilesFail) {
  const test::TempDir dir;
  dir.write("a/5.4.btf", "");
  dir.write("a/5.4.btf.tar.xz", "x");
  const Scanned scanned = scan(dir);
  EXPECT_THAT(scanned.failures, ElementsAre("a/5.4.btf: empty: the file has no bytes"));
  EXPECT_THAT(scanned.paths, ElementsAre("a/5.4.btf.tar.xz"));
}

TEST(ScanDirectory, LinkedFoldersAndFilesAreAliases) {
  const test::TempDir dir;
  dir.write("ubuntu/20.04/x86_64/5.4.btf", "x");
  dir.link("ubuntu/focal", "20.04");
  dir.link("ubuntu/20.04-lts", "focal");
  // Sorts before what it leads to.
  dir.link("aaa", "ubuntu/20.04/x86_64");
  dir.link("ubuntu/20.04/x86_64/5.4-again.btf", "5.4.btf");
  const Scanned scanned = scan(dir);
  EXPECT_THAT(scanned.paths, ElementsAre("ubuntu/20.04/x86_64/5.4.btf"));
  EXPECT_THAT(scanned.aliases,
              ElementsAre("aaa -> ubuntu/20.04/x86_64/", "ubuntu/20.04-lts -> ubuntu/20.04/",
                          "ubuntu/20.04/x86_64/5.4-again.btf -> ubuntu/20.04/x86_64/5.4.btf",
                          "ubuntu/focal -> ubuntu/20.04/"));
  EXPECT_THAT(scanned.found.ignored, IsEmpty());
}

TEST(ScanDirectory, LoopsEnd) {
  const test::TempDir dir;
  dir.write("a/b/5.4.btf", "x");
  dir.link("a/b/up", "..");
  dir.link("a/b/root", "../..");
  dir.link("a/b/self", ".");
  dir.link("a/loop1", "loop2");
  dir.link("a/loop2", "loop1");
  dir.link("a/broken.btf", "nowhere");
  const Scanned scanned = scan(dir);
  EXPECT_THAT(scanned.paths, ElementsAre("a/b/5.4.btf"));
  EXPECT_THAT(scanned.aliases, IsEmpty());
  EXPECT_THAT(scanned.found.ignored,
              ElementsAre("a/b/root", "a/b/self", "a/b/up", "a/loop1", "a/loop2"));
  EXPECT_THAT(scanned.failures,
              ElementsAre("a/broken.btf: a symbolic link that leads to no file: No such file or "
                          "directory"));
}

TEST(ScanDirectory, FoldersThatLinkToEachOtherEnd) {
  const test::TempDir dir;
  dir.write("a/5.4.btf", "x");
  dir.write("b/5.5.btf", "x");
  dir.link("a/to-b", "../b");
  dir.link("b/to-a", "../a");
  const Scanned scanned = scan(dir);
  EXPECT_THAT(scanned.paths, ElementsAre("a/5.4.btf", "b/5.5.btf"));
  EXPECT_THAT(scanned.aliases, ElementsAre("a/to-b -> b/", "b/to-a -> a/"));
}

TEST(ScanDirectory, LinksThatLeadOutsideAreFollowedOnce) {
  const test::TempDir outside;
  outside.write("x86_64/5.4.btf", "x");
  outside.link("x86_64/loop", "..");
  const test::TempDir elsewhere;
  elsewhere.write("5.5.btf", "x");
  const test::TempDir dir;
  dir.link("ubuntu/20.04", outside.path());
  dir.link("ubuntu/focal", outside.path());
  dir.link("single.btf", elsewhere / "5.5.btf");
  dir.link("single-again.btf", elsewhere / "5.5.btf");
  // Into a hidden folder, as git-annex has it.
  dir.write(".git/annex/1234", "x");
  dir.link("annexed.btf.tar.xz", ".git/annex/1234");
  const Scanned scanned = scan(dir);
  EXPECT_THAT(scanned.paths,
              ElementsAre("annexed.btf.tar.xz", "single-again.btf", "ubuntu/20.04/x86_64/5.4.btf"));
  EXPECT_THAT(scanned.aliases,
              ElementsAre("single.btf -> single-again.btf", "ubuntu/focal -> ubuntu/20.04/"));
}

TEST(ScanDirectory, WhatIsNoRegularFileIsNeverOpened) {
  const test::TempDir dir;
  dir.write("a/5.4.btf", "x");
  ASSERT_EQ(mkfifo((dir / "a/fifo.btf").c_str(), 0644), 0);
  ASSERT_EQ(mkfifo((dir / "a/fifo").c_str(), 0644), 0);
  const Scanned scanned = scan(dir);
  EXPECT_THAT(scanned.failures, ElementsAre("a/fifo.btf: is not a regular file"));
  EXPECT_THAT(scanned.found.ignored, ElementsAre("a/fifo"));
}

// Root may read everything, so root becomes somebody else for a while.
class AsNobody {
 public:
  AsNobody() : changed_(geteuid() == 0 && seteuid(65534) == 0) {}
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;
  ~AsNobody() {
    if (changed_ && seteuid(0) != 0) {
      std::abort();
    }
  }

 private:
  bool changed_;
};

TEST(ScanDirectory, UnreadableFoldersFailAndCostNoOther) {
  const test::TempDir dir;
  dir.write("a/5.4.btf", "x");
  dir.write("locked/5.5.btf", "x");
  std::filesystem::permissions(dir.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(dir / "locked", std::filesystem::perms::none);
  const Scanned scanned = [&] {
    const AsNobody nobody;
    return scan(dir);
  }();
  std::filesystem::permissions(dir / "locked", std::filesystem::perms(0755));
  EXPECT_THAT(scanned.paths, ElementsAre("a/5.4.btf"));
  EXPECT_THAT(scanned.failures,
              ElementsAre("locked: this folder cannot be read: Permission denied"));
}

TEST(ScanDirectory, NamesThatAreNotUtf8Fail) {
  const test::TempDir dir;
  dir.write("a/\xff.btf", "x");
  const Scanned scanned = scan(dir);
  EXPECT_THAT(scanned.failures, ElementsAre("a/\xff.btf: its path is not UTF-8"));
}

TEST(ScanDirectory, FiltersBeforeAnythingIsRead) {
  const test::TempDir dir;
  dir.write("ubuntu/20.04/x86_64/5.4.btf", "x");
  dir.write("ubuntu/20.04/arm64/5.4.btf", "");
  const Scanned scanned = scan(dir, {.arch = {"x86_64"}});
  EXPECT_THAT(scanned.paths, ElementsAre("ubuntu/20.04/x86_64/5.4.btf"));
  EXPECT_THAT(scanned.failures, IsEmpty());
  EXPECT_EQ(scanned.found.filtered_out, 1U);
}

TEST(OpenArchive, TellsWhatAFileIs) {
  const test::TempDir dir;
  const ScanOptions options{.filter = {}, .max_btf_size = 1 << 20};
  const auto missing = open_archive(dir / "missing", options);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "cannot be opened: No such file or directory");
  const auto text = open_archive(dir.write("notes.txt", "hello"), options);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message, "neither a folder nor a tar nor BTF");
  auto single = open_archive(
      dir.write("5.4-x86_64", test::read_file(test::kernel_path("reference"))), options);
  ASSERT_TRUE(single);
  EXPECT_EQ((*single)->entry_count(), 1U);
  EXPECT_THAT(drain(**single).paths, ElementsAre("5.4-x86_64"));
}

}  // namespace
}  // namespace btfbatch
