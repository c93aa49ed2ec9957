// Paths that cannot be those of an output cost the kernels that have them, and no other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>

#include "pipeline/pack/pack_writer.h"
#include "pipeline/scan.h"
#include "tests/pipeline/pack/archive_fixture.h"

namespace btfbatch {
namespace {

using testing::Contains;
using testing::Pair;
using testing::UnorderedElementsAreArray;

class OddPaths : public test::PackFixture {
 protected:
  // The pack `file` anew, with another index.
  void rewrite(const std::filesystem::path& file, const std::function<void(PackIndex&)>& change) {
    const Result<PackFile> pack = PackFile::open(file);
    ASSERT_TRUE(pack) << pack.error().message;
    PackIndex index = pack->index();
    change(index);
    std::ranges::sort(index.kernels, {}, &PackKernel::path);
    std::ranges::sort(index.aliases, {}, &Alias::path);
    Result<StagedFile> staged = StagedFile::make(file);
    ASSERT_TRUE(staged) << staged.error().message;
    PackWriter writer(*std::move(staged));
    ASSERT_TRUE(writer.begin(index));
    for (std::uint32_t i = 0; i < index.blobs.size(); ++i) {
      ASSERT_TRUE(writer.add(pack->read_blob(i)->bytes(), index.blobs[i]));
    }
    ASSERT_TRUE(writer.finish(index));
    ASSERT_TRUE(writer.place());
  }

  // Runs from `from`, twice, over what the first has left, and expects all but `failures` ("path:
  // reason") to be there.
  void expect_failures(const std::filesystem::path& from, Layout layout, bool whole,
                       const std::vector<std::string>& failures) {
    std::filesystem::remove_all(dir_ / "out");
    RunOptions options;
    options.archive = from;
    options.out = dir_ / "out";
    options.layout = layout;
    options.whole = whole;
    options.jobs = 2;
    if (!whole) {
      options.objects = {test::object_path("field_kinds")};
    }
    for (int i = 0; i < 2; ++i) {
      const auto summary = run(options, {});
      ASSERT_TRUE(summary) << summary.error().error.message;
      std::vector<std::string> failed;
      std::size_t good = 0;
      for (const KernelOutcome& kernel : summary->kernels) {
        if (kernel.outcome == Outcome::kFailed) {
          failed.push_back(kernel.archive_path + ": " + kernel.reasons.front());
        } else {
          ++good;
        }
      }
      EXPECT_THAT(failed, UnorderedElementsAreArray(failures));
      EXPECT_EQ(good, test::kernel_names().size());
      EXPECT_TRUE(std::filesystem::is_regular_file(dir_ / "out/btfbatch.json"));
      EXPECT_FALSE(std::filesystem::exists(dir_ / "out/.btfbatch-staging"));
    }
  }
};

constexpr std::array kLayouts = {Layout::kSymlink, Layout::kHardlink, Layout::kCopy,
                                 Layout::kIndexed};
const std::string kOwn = ": its path is that of a file of btfbatch's own";

TEST_F(OddPaths, OfADirectoryAndOfAPackOfIt) {
  add_kernels(1);
  add("btfbatch.json/x86_64/x.btf", btf("reference"));
  add("index.json/20.04/x86_64/x.btf", btf("reference"));
  add_link("btfbatch.json/x86_64/alias.btf.tar.xz", "../../debian/11/x86_64/5.0-amd64.btf.tar.xz");
  pack(archive(), dir_ / "hub.btfpack");
  for (const Layout layout : kLayouts) {
    for (const bool whole : {false, true}) {
      for (const std::filesystem::path& from : {archive(), dir_ / "hub.btfpack"}) {
        expect_failures(
            from, layout, whole,
            {"btfbatch.json/x86_64/x.btf" + kOwn, "index.json/20.04/x86_64/x.btf" + kOwn});
      }
    }
  }
}

TEST_F(OddPaths, AFolderAliasInThePlaceOfTheManifest) {
  add_kernels(1);
  add_link("btfbatch.json", "debian");
  add_link("index.json", "debian");
  for (const Layout layout : kLayouts) {
    expect_failures(archive(), layout, false, {});
  }
}

TEST_F(OddPaths, OfAPackAlone) {
  add_kernels(1);
  const std::filesystem::path file = dir_ / "hub.btfpack";
  pack(archive(), file);
  const std::string nul("a\0b/c/d.btf", 11);
  rewrite(file, [&](PackIndex& index) {
    for (const std::string& path :
         {nul, std::string(".btfbatch-staging/blobs/x86_64/x.btf"), std::string("../x.btf")}) {
      index.kernels.push_back(index.kernels.front());
      index.kernels.back().path = path;
    }
    for (const std::string& path :
         {nul, std::string(".btfbatch-staging"), std::string("btfbatch.json/x"),
          std::string("/etc"), std::string("stable")}) {
      index.aliases.push_back({.path = path, .target = "debian", .is_directory = true});
    }
  });
  const std::vector<std::string> failures = {nul + ": its path has a NUL byte",
                                             ".btfbatch-staging/blobs/x86_64/x.btf" + kOwn,
                                             "../x.btf: its path leads upwards with '..'"};
  for (const bool whole : {false, true}) {
    for (const Layout layout : kLayouts) {
      expect_failures(file, layout, whole, failures);
    }
  }
  expect_failures(file, Layout::kSymlink, true, failures);
  EXPECT_THAT(test::read_tree(dir_ / "out"), Contains(Pair("stable", "link debian")));
}

}  // namespace
}  // namespace btfbatch
