#include "pipeline/pack/make_pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "pipeline/pack/examine.h"
#include "tests/pipeline/pack/archive_fixture.h"

namespace btfbatch {
namespace {

using test::Tree;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;

class MakePack : public test::PackFixture {
 protected:
  // The coded bytes by which each kernel is stored.
  static std::map<std::string, std::string> blobs_of(const std::filesystem::path& file) {
    const Result<PackFile> pack = PackFile::open(file);
    EXPECT_TRUE(pack) << pack.error().message;
    std::map<std::string, std::string> blobs;
    for (const PackKernel& kernel : pack->index().kernels) {
      const Result<Buffer> blob = pack->read_blob(kernel.blob);
      EXPECT_TRUE(blob) << blob.error().message;
      blobs[kernel.path] = test::text_of(blob->bytes());
    }
    return blobs;
  }
};

TEST_F(MakePack, ARunFromItIsARunFromTheDirectory) {
  add_kernels();
  add_oddities();
  const PackSummary summary = pack(archive(), dir_ / "hub.btfpack");
  EXPECT_EQ(summary.kernels, 2 * test::kernel_names().size() + 3);
  EXPECT_EQ(summary.unique, test::kernel_names().size() + 1);
  EXPECT_EQ(summary.failures.size(), 2U);
  EXPECT_EQ(summary.ignored, 2U);
  const Tree tree = run_from(archive());
  EXPECT_EQ(run_from(dir_ / "hub.btfpack"), tree);
  EXPECT_THAT(tree, Contains(Key("ubuntu/focal")));
  EXPECT_EQ(run_from(dir_ / "hub.btfpack", {}, Layout::kIndexed),
            run_from(archive(), {}, Layout::kIndexed));
  // Of two kernels that want one output path, the filters decide which gets it.
  for (const Filter& filter :
       {Filter{.distro = {"ubuntu"}}, Filter{.release = {"12"}, .kernel = {">5.4"}},
        Filter{.exclude = {"*/5.4.btf"}}, Filter{.exclude = {"ubuntu/focal"}}}) {
    EXPECT_EQ(run_from(dir_ / "hub.btfpack", filter), run_from(archive(), filter));
  }
}

TEST_F(MakePack, GivesTheSameBytesAtAnyNumberOfJobsAndFromAnyForm) {
  add_kernels();
  add_oddities();
  pack(archive(), dir_ / "one", {.jobs = 1});
  const std::string one = test::read_file(dir_ / "one");
  pack(archive(), dir_ / "four", {.jobs = 4});
  EXPECT_TRUE(test::read_file(dir_ / "four") == one);
  std::ranges::reverse(members_);
  dir_.write("hub.tar", test::make_tar(members_));
  pack(dir_ / "hub.tar", dir_ / "of_tar");
  EXPECT_TRUE(test::read_file(dir_ / "of_tar") == one);
  pack(dir_ / "one", dir_ / "of_pack.btfpack");
  EXPECT_TRUE(test::read_file(dir_ / "of_pack.btfpack") == one);
}

TEST_F(MakePack, TakesOverWhatHasNotChanged) {
  add_kernels();
  add("debian/12/x86_64/6.0-amd64.btf.tar.xz", kernel("reference"));
  const std::filesystem::path file = dir_ / "hub.btfpack";
  const PackSummary first = pack(archive(), file);
  EXPECT_EQ(first.unchanged, 0U);
  const auto before = blobs_of(file);

  // One gone, one changed, one new.
  std::filesystem::remove(archive() / "debian/11/x86_64/5.0-amd64.btf.tar.xz");
  add("debian/11/x86_64/5.2-amd64.btf.tar.xz", kernel("moved_fields"));
  std::string strange = btf("reference");
  strange += "and something behind it";
  add("debian/13/x86_64/6.12.btf", strange);
  const PackSummary second = pack(archive(), file, {.base = file});
  EXPECT_EQ(second.kernels, first.kernels);
  EXPECT_GE(second.unchanged, first.kernels - 2);
  std::size_t same = 0;
  for (const auto& [path, blob] : blobs_of(file)) {
    const auto earlier = before.find(path);
    same += earlier != before.end() && earlier->second == blob ? 1 : 0;
  }
  EXPECT_GE(same, first.kernels - 2);
  EXPECT_EQ(run_from(file), run_from(archive()));

  // Nothing changed: nothing is coded, and nothing is different.
  const std::string bytes = test::read_file(file);
  const PackSummary third = pack(archive(), file, {.base = file});
  EXPECT_EQ(third.unchanged, third.kernels);
  EXPECT_EQ(test::read_file(file).size(), bytes.size());
  EXPECT_EQ(run_from(file), run_from(archive()));
}

TEST_F(MakePack, ABtfThatTheBaseHasIsNotStoredAgain) {
  add_kernels(1);
  const std::filesystem::path file = dir_ / "hub.btfpack";
  const PackSummary first = pack(archive(), file);
  const std::string former = "debian/11/x86_64/5.0-amd64.btf.tar.xz";
  const auto content = btf(test::kernel_names().front());
  const auto expect_each_once = [&](const PackSummary& summary) {
    EXPECT_EQ(summary.kernels, first.kernels + 1);
    EXPECT_EQ(summary.unchanged, summary.kernels);
    EXPECT_EQ(summary.unique, first.unique);
    EXPECT_EQ(summary.pack_bytes, std::filesystem::file_size(file));
    const Result<PackFile> made = PackFile::open(file);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->index().blobs.size(), first.unique);
    EXPECT_EQ(run_from(file), run_from(archive()));
  };
  // The same BTF in another file; the one that it was packed from is there, and then is not.
  add("debian/12/x86_64/6.0.btf", content);
  expect_each_once(pack(archive(), file, {.base = file}));
  std::filesystem::remove(archive() / former);
  std::filesystem::remove(archive() / "debian/12/x86_64/6.0.btf");
  add("debian/12/x86_64/6.1.btf.tar.xz", test::make_kernel_tar("other-name.btf", content));
  add("debian/12/x86_64/6.2.btf.tar.xz", test::make_kernel_tar("third-name.btf", content));
  expect_each_once(pack(archive(), file, {.base = file}));
}

TEST_F(MakePack, ABtfThatNoKernelOfTheBaseHasAnyMoreIsNotStoredAgain) {
  add_kernels(1);
  const std::filesystem::path file = dir_ / "hub.btfpack";
  pack(archive(), file);
  // A kernel goes that another is coded against: its blob stays.
  const Result<PackFile> first = PackFile::open(file);
  ASSERT_TRUE(first);
  const auto& blobs = first->index().blobs;
  const auto on_base = std::ranges::find_if(blobs, [](const PackBlob& b) { return !!b.base; });
  ASSERT_NE(on_base, blobs.end());
  const auto& kernels = first->index().kernels;
  const auto gone = std::ranges::find(kernels, *on_base->base, &PackKernel::blob);
  Buffer content;
  ASSERT_TRUE(first->decode_alone(gone->blob, content));
  std::filesystem::remove(archive() / gone->path);
  pack(archive(), file, {.base = file});
  ASSERT_EQ(PackFile::open(file)->index().blobs.size(), blobs.size());

  add("debian/12/x86_64/6.0.btf", std::string(test::text_of(content.bytes())));
  const PackSummary back = pack(archive(), file, {.base = file});
  EXPECT_EQ(back.unchanged, back.kernels);
  EXPECT_EQ(back.unique, blobs.size());
  EXPECT_EQ(PackFile::open(file)->index().blobs.size(), blobs.size());
}

TEST_F(MakePack, PacksAnewWhatIsDamagedInTheBase) {
  add_kernels(1);
  const std::filesystem::path file = dir_ / "hub.btfpack";
  const PackSummary first = pack(archive(), file);
  std::string bytes = test::read_file(file);
  bytes.resize(bytes.size() / 2);  // the index at its beginning is whole
  dir_.write("broken.btfpack", bytes);
  const PackSummary second =
      pack(archive(), dir_ / "new.btfpack", {.base = dir_ / "broken.btfpack"});
  EXPECT_EQ(second.kernels, first.kernels);
  EXPECT_LT(second.unchanged, second.kernels);
  EXPECT_EQ(run_from(dir_ / "new.btfpack"), run_from(archive()));
}

// As after a second `tar --append`.
TEST_F(MakePack, APathThatATarHasTwiceOnceBrokenIsPackedWhole) {
  members_ = {{.name = "debian/12/x86_64/6.1.btf.tar.xz", .content = kernel("twins")},
              {.name = "debian/12/x86_64/6.1.btf.tar.xz", .content = "broken"}};
  dir_.write("twice.tar", make_tar(members_));
  const PackSummary summary = pack(dir_ / "twice.tar", dir_ / "hub.btfpack");
  EXPECT_EQ(summary.kernels, 1U);
  EXPECT_EQ(summary.failures.size(), 1U);
  const auto check = check_pack(dir_ / "hub.btfpack", 2, {});
  ASSERT_TRUE(check) << check.error().message;
  EXPECT_EQ(check->kernels, 1U);
  EXPECT_TRUE(check->damaged.empty());
}

TEST_F(MakePack, FailsWithNothingChanged) {
  add_kernels(1);
  dir_.write("hub.btfpack", "old");
  const auto message_of = [&](const PackOptions& options) {
    const auto summary = make_pack(options, {});
    EXPECT_FALSE(summary);
    return summary ? std::string() : summary.error().error.message;
  };
  PackOptions options{.archive = archive(), .out = dir_ / "hub.btfpack", .jobs = 2};
  options.base = dir_ / "hub.btfpack";
  EXPECT_THAT(message_of(options), HasSubstr("not a pack"));
  options.base.clear();
  options.filter.distro = {"nothing"};
  EXPECT_THAT(message_of(options), HasSubstr("the filters leave out all of its"));
  options.filter = {};
  options.out = dir_ / "nowhere/hub.btfpack";
  EXPECT_THAT(message_of(options), HasSubstr("nowhere"));
  options.out = dir_ / "hub.btfpack";
  std::atomic<int> calls = 0;
  const auto stopped = make_pack(options, {.should_stop = [&] { return ++calls > 20; }});
  ASSERT_TRUE(stopped);
  EXPECT_TRUE(stopped->stopped_early);
  EXPECT_EQ(test::read_file(dir_ / "hub.btfpack"), "old");
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files, 1U);
}

TEST_F(MakePack, AnUnpackGivesEveryByteBack) {
  add_kernels();
  add_oddities();
  pack(archive(), dir_ / "hub.btfpack");
  RunOptions options;
  options.archive = dir_ / "hub.btfpack";
  options.out = dir_ / "all";
  options.whole = true;
  options.jobs = 2;
  const auto summary = run(options, {});
  ASSERT_TRUE(summary) << summary.error().error.message;
  EXPECT_EQ(summary->kernels.size(), 2 * test::kernel_names().size() + 5);
  const Tree tree = test::read_through_links(dir_ / "all");
  int number = 0;
  for (const std::string& name : test::kernel_names()) {
    for (int copy = 0; copy < 2; ++copy, ++number) {
      EXPECT_TRUE(tree.at("debian/" + std::to_string(11 + copy) + "/x86_64/5." +
                          std::to_string(number) + "-amd64.btf") == btf(name))
          << name;
    }
  }
  EXPECT_TRUE(tree.at("ubuntu/20.04/x86_64/5.7.btf") == btf("reference").substr(0, 200));
  EXPECT_TRUE(tree.at("ubuntu/20.04/x86_64/latest.btf") == btf("reference"));
  // A later run over other objects does not take it for its own earlier results.
  options.whole = false;
  options.objects = {test::object_path("field_kinds")};
  ASSERT_TRUE(run(options, {}));
  EXPECT_LT(test::read_through_links(dir_ / "all").at("ubuntu/20.04/x86_64/5.4.btf").size(),
            btf("reference").size());
}

}  // namespace
}  // namespace btfbatch
