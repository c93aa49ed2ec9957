// The same bytes at any -j, from any earlier state of the output.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

namespace fs = std::filesystem;

class Determinism : public ProgramTest {
 protected:
  // Enough kernels, of different sizes and forms, for threads to overtake each other: good ones,
  // degraded ones and broken ones.
  void add_many_kernels() {
    const std::vector<std::string> names = kernel_names();
    for (std::size_t i = 0; i < 120; ++i) {
      add_kernel("debian/12/x86_64/6.1." + std::to_string(i * 7 % 120) + "-amd64",
                 names[i % names.size()]);
    }
    dir_.write("archive/debian/12/x86_64/6.1.55-broken.btf.tar.xz", "broken");
    dir_.write("archive/debian/12/x86_64/5.0-broken.btf.tar.xz", "");
    dir_.link("archive/debian/bookworm", "12");
  }
  const std::vector<std::string> objects_{"field_kinds", "arrays", "ambiguous_field", "maps_only"};
};

TEST_F(Determinism, AnyNumberOfJobsGivesTheSameTree) {
  add_many_kernels();
  for (const char* layout : {"symlink", "hardlink", "copy", "indexed"}) {
    ASSERT_EQ(btfbatch(job({"-j1", "--layout", layout}, objects_)).exit_code, 2);
    const Tree one = tree_of(out());
    ASSERT_GT(one.size(), 1U);
    for (const char* jobs : {"-j2", "-j8"}) {
      fs::remove_all(out());
      ASSERT_EQ(btfbatch(job({jobs, "--layout", layout}, objects_)).exit_code, 2);
      EXPECT_EQ(tree_of(out()), one) << layout << ' ' << jobs;
    }
  }
}

TEST_F(Determinism, TheOrderOfTheObjectsDoesNotMatterToTheKernels) {
  add_many_kernels();
  ASSERT_EQ(btfbatch(job({}, objects_)).exit_code, 2);
  Tree one = tree_of(out());
  ASSERT_EQ(btfbatch(job({}, {objects_.rbegin(), objects_.rend()})).exit_code, 2);
  Tree other = tree_of(out());
  one.erase("btfbatch.json");
  other.erase("btfbatch.json");
  EXPECT_EQ(other, one);
}

TEST_F(Determinism, RunningAgainChangesNothing) {
  add_many_kernels();
  ASSERT_EQ(btfbatch(job({}, objects_)).exit_code, 2);
  const Tree first = tree_of(out());
  ASSERT_EQ(btfbatch(job({}, objects_)).exit_code, 2);
  EXPECT_EQ(tree_of(out()), first);
}

TEST_F(Determinism, VanishedKernelsAreGone) {
  add_many_kernels();
  ASSERT_EQ(btfbatch(job({}, objects_)).exit_code, 2);
  // Among them paths that held the file that others are links to.
  for (int i = 0; i < 60; ++i) {
    fs::remove(archive() / ("debian/12/x86_64/6.1." + std::to_string(i) + "-amd64.btf.tar.xz"));
  }
  add_kernel("debian/13/x86_64/6.12-amd64", "reference");
  ASSERT_EQ(btfbatch(job({}, objects_)).exit_code, 2);
  const Tree again = tree_of(out());
  fs::remove_all(out());
  ASSERT_EQ(btfbatch(job({}, objects_)).exit_code, 2);
  EXPECT_EQ(again, tree_of(out()));
  EXPECT_FALSE(again.contains("debian/12/x86_64/6.1.3-amd64.btf"));
  EXPECT_TRUE(again.contains("debian/13/x86_64/6.12-amd64.btf"));
}

TEST_F(Determinism, FoldersOfVanishedKernelsAreGone) {
  add_good_kernels();
  ASSERT_EQ(btfbatch(job()).exit_code, 0);
  fs::remove_all(archive() / "ubuntu");
  ASSERT_EQ(btfbatch(job()).exit_code, 0);
  EXPECT_FALSE(fs::exists(fs::symlink_status(out() / "ubuntu")));
}

TEST_F(Determinism, NothingTemporaryStays) {
  add_good_kernels();
  ASSERT_EQ(btfbatch(job()).exit_code, 0);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(dir_.path())) {
    names.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("archive", "out"));
}

}  // namespace
}  // namespace btfbatch::test
