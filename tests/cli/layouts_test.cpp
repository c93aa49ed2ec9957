// The four forms of the output, as they lie on the disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

namespace fs = std::filesystem;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Pair;

const std::string kArmBtf = std::string(kArm) + ".btf";
const std::string kAmd1Btf = std::string(kAmd1) + ".btf";
const std::string kAmd2Btf = std::string(kAmd2) + ".btf";
const std::string kGeneric1Btf = std::string(kGeneric1) + ".btf";
const std::string kGeneric2Btf = std::string(kGeneric2) + ".btf";

class Layouts : public ProgramTest {
 protected:
  void SetUp() override {
    add_good_kernels();
    moved_ = minimized("moved_fields", {"field_kinds"});
    reference_ = minimized("reference", {"field_kinds"});
    nothing_ = minimized("empty", {"field_kinds"});
    // Without this, equal files would prove nothing about duplicates.
    ASSERT_EQ((std::set{moved_, reference_, nothing_}.size()), 3U);
  }

  std::string moved_;
  std::string reference_;
  std::string nothing_;
};

TEST_F(Layouts, SymlinkIsTheDefaultAndTheFirstPathHoldsTheFile) {
  ASSERT_EQ(btfbatch(job()).exit_code, 0);
  const Tree tree = tree_of(out());
  EXPECT_THAT(tree, ElementsAre(Pair("btfbatch.json", _), Pair(kArmBtf, moved_),
                                Pair(kAmd1Btf, reference_), Pair(kAmd2Btf, "-> 6.1.0-1-amd64.btf"),
                                Pair(kGeneric1Btf, "-> ../../../" + kArmBtf),
                                Pair(kGeneric2Btf, nothing_)));
  ASSERT_EQ(btfbatch(job({"--layout", "symlink"})).exit_code, 0);
  EXPECT_EQ(tree_of(out()), tree);
}

TEST_F(Layouts, SymlinksStillLeadThereWhenTheOutputIsMoved) {
  ASSERT_EQ(btfbatch(job()).exit_code, 0);
  fs::create_directories(dir_ / "else/where");
  fs::rename(out(), dir_ / "else/where/out");
  EXPECT_EQ(test::read_file(dir_ / "else/where/out" / kGeneric1Btf), moved_);
  EXPECT_EQ(test::read_file(dir_ / "else/where/out" / kAmd2Btf), reference_);
}

TEST_F(Layouts, HardlinkSharesInodes) {
  ASSERT_EQ(btfbatch(job({"--layout", "hardlink"})).exit_code, 0);
  EXPECT_THAT(tree_of(out()),
              ElementsAre(Pair("btfbatch.json", _), Pair(kArmBtf, moved_),
                          Pair(kAmd1Btf, reference_), Pair(kAmd2Btf, reference_),
                          Pair(kGeneric1Btf, moved_), Pair(kGeneric2Btf, nothing_)));
  EXPECT_TRUE(fs::equivalent(out() / kArmBtf, out() / kGeneric1Btf));
  EXPECT_TRUE(fs::equivalent(out() / kAmd1Btf, out() / kAmd2Btf));
  EXPECT_EQ(fs::hard_link_count(out() / kArmBtf), 2U);
  EXPECT_EQ(fs::hard_link_count(out() / kGeneric2Btf), 1U);
}

TEST_F(Layouts, CopySharesNothing) {
  ASSERT_EQ(btfbatch(job({"--layout", "copy"})).exit_code, 0);
  EXPECT_THAT(tree_of(out()),
              ElementsAre(Pair("btfbatch.json", _), Pair(kArmBtf, moved_),
                          Pair(kAmd1Btf, reference_), Pair(kAmd2Btf, reference_),
                          Pair(kGeneric1Btf, moved_), Pair(kGeneric2Btf, nothing_)));
  for (const std::string& path : {kArmBtf, kAmd1Btf, kAmd2Btf, kGeneric1Btf, kGeneric2Btf}) {
    EXPECT_EQ(fs::hard_link_count(out() / path), 1U) << path;
  }
}

TEST_F(Layouts, IndexedHasBlobsAndAnIndexAndNoLinks) {
  ASSERT_EQ(btfbatch(job({"--layout", "indexed"})).exit_code, 0);
  const Tree tree = tree_of(out());
  std::multiset<std::string> blobs;
  for (const auto& [path, content] : tree) {
    EXPECT_FALSE(content.starts_with("-> ")) << path;
    if (path.starts_with("blobs/")) {
      EXPECT_THAT(path, ::testing::MatchesRegex("blobs/[0-9a-f]+\\.btf"));
      EXPECT_EQ(path.size(), std::string("blobs/.btf").size() + 32);
      EXPECT_EQ(fs::hard_link_count(out() / path), 1U);
      blobs.insert(content);
    }
  }
  EXPECT_EQ(blobs, (std::multiset{moved_, reference_, nothing_}));
  EXPECT_EQ(tree.size(), 5U);  // and the two below
  EXPECT_TRUE(tree.contains("btfbatch.json"));
  const auto index = nlohmann::json::parse(tree.at("index.json"));
  // Whatever else the index says, it leads from the kernel to its blob.
  const std::string text = index.dump();
  for (const char* release : {"6.1.0-1-arm64", "6.1.0-2-amd64", "5.4.0-2-generic"}) {
    EXPECT_NE(text.find(release), std::string::npos) << release;
  }
}

TEST_F(Layouts, OneGivesWayToAnother) {
  for (const char* first : {"symlink", "hardlink", "copy", "indexed"}) {
    for (const char* second : {"symlink", "hardlink", "copy", "indexed"}) {
      fs::remove_all(out());
      ASSERT_EQ(btfbatch(job({"--layout", second})).exit_code, 0);
      const Tree fresh = tree_of(out());
      fs::remove_all(out());
      ASSERT_EQ(btfbatch(job({"--layout", first})).exit_code, 0);
      ASSERT_EQ(btfbatch(job({"--layout", second})).exit_code, 0);
      EXPECT_EQ(tree_of(out()), fresh) << first << " then " << second;
    }
  }
}

TEST_F(Layouts, TheArchiveMayBeOneTarOrOneFile) {
  ASSERT_EQ(btfbatch(job()).exit_code, 0);
  const Tree from_folder = tree_of(out());
  std::vector<TarMember> members;
  for (const auto& [path, content] : tree_of(archive())) {
    members.push_back({.name = path, .content = content});
  }
  dir_.write("archive.tar.zst", make_tar(members, Compression::kZstd));
  const std::string object = object_path("field_kinds");
  ASSERT_EQ(
      btfbatch({"--archive", "archive.tar.zst", "--objs", object, "--out", "from-tar"}).exit_code,
      0);
  Tree from_tar = tree_of(dir_ / "from-tar");
  // The manifest may name the archive; the tree it stands for is the same.
  from_tar["btfbatch.json"] = from_folder.at("btfbatch.json");
  EXPECT_EQ(from_tar, from_folder);

  ASSERT_EQ(btfbatch({"--archive", (archive() / (kAmd1Btf + ".tar.xz")).string(), "--objs", object,
                      "--out", "from-file"})
                .exit_code,
            0);
  EXPECT_THAT(tree_of(dir_ / "from-file"),
              ElementsAre(Pair("6.1.0-1-amd64.btf", reference_), Pair("btfbatch.json", _)));
}

TEST_F(Layouts, FiltersChooseKernels) {
  ASSERT_EQ(btfbatch(job({"--arch", "aarch64"})).exit_code, 0);
  EXPECT_THAT(tree_of(out()), ElementsAre(Pair("btfbatch.json", _), Pair(kArmBtf, moved_)));
  ASSERT_EQ(btfbatch(job({"--kernel", ">=6,<7", "--exclude", "*arm64*"})).exit_code, 0);
  EXPECT_THAT(tree_of(out()), ElementsAre(Pair("btfbatch.json", _), Pair(kAmd1Btf, reference_),
                                          Pair(kAmd2Btf, "-> 6.1.0-1-amd64.btf")));
  ASSERT_EQ(
      btfbatch(job({"--distro", "ubuntu", "--release", "2?.04", "--include", "*-2-*"})).exit_code,
      0);
  EXPECT_THAT(tree_of(out()), ElementsAre(Pair("btfbatch.json", _), Pair(kGeneric2Btf, nothing_)));
}

}  // namespace
}  // namespace btfbatch::test
