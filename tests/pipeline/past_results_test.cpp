#include "pipeline/past_results.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

namespace fs = std::filesystem;
using test::as_byte_span;

constexpr ContentId kSource{.high = 5, .low = 1};
constexpr ResultRules kRules{
    .fingerprint = {.high = 7, .low = 8}, .max_btf_size = 1000, .output_version = 2};

// What a run under kRules wrote: "a/1.btf" from kSource.
Manifest past_example(Layout layout = Layout::kSymlink) {
  KernelOutcome kernel;
  kernel.archive_path = "a/1.btf.tar.xz";
  kernel.output_path = "a/1.btf";
  kernel.outcome = Outcome::kMinimized;
  kernel.content_id = content_id_of(as_byte_span("one"));
  kernel.btf_size = 500;
  kernel.minimized_size = 3;
  kernel.type_count = 12;
  kernel.source_hash = kSource;
  kernel.result = 0;
  Manifest manifest;
  manifest.run.answers.results = {{}};
  manifest.layout = layout;
  manifest.output_version = kRules.output_version;
  manifest.fingerprint = kRules.fingerprint;
  manifest.max_btf_size = kRules.max_btf_size;
  manifest.blob_names = {kernel.content_id.hex()};
  manifest.run.kernels = {std::move(kernel)};
  return manifest;
}

class PastResultsTest : public ::testing::Test {
 protected:
  PastResultsTest() { dir_.write("out/a/1.btf", "one"); }

  [[nodiscard]] std::optional<PastResult> find(const Manifest& manifest,
                                               const ResultRules& rules = kRules) const {
    PastResults past(rules);
    past.add_output(dir_ / "out", manifest);
    return past.find(kSource);
  }
  [[nodiscard]] ResultCache cache() const {
    return ResultCache::open(dir_ / "cache", dir_ / "archive", kRules).value();
  }

  test::TempDir dir_;
};

TEST_F(PastResultsTest, GivesBackWhatLiesInTheOutput) {
  const auto found = find(past_example());
  ASSERT_TRUE(found);
  EXPECT_TRUE(std::ranges::equal(found->minimized.bytes, as_byte_span("one")));
  EXPECT_EQ(found->minimized.id, content_id_of(as_byte_span("one")));
  EXPECT_EQ(found->minimized.type_count, 12U);
  EXPECT_EQ(found->btf_size, 500U);
  EXPECT_EQ(found->file, dir_ / "out/a/1.btf");
  EXPECT_FALSE(PastResults(kRules).find(kSource));
}

TEST_F(PastResultsTest, GivesNothingUnderOtherRules) {
  ResultRules other = kRules;
  other.fingerprint.high = 1;
  EXPECT_FALSE(find(past_example(), other));
  other = kRules;
  other.output_version = 3;
  EXPECT_FALSE(find(past_example(), other));
  other = kRules;
  other.max_btf_size = 999;
  EXPECT_FALSE(find(past_example(), other));
  other.max_btf_size = 1001;
  EXPECT_TRUE(find(past_example(), other));
}

TEST_F(PastResultsTest, OnlyWrittenKernelsWithAKnownSourceAreTakenOver) {
  Manifest manifest = past_example();
  manifest.run.kernels[0].outcome = Outcome::kDegraded;
  manifest.run.kernels[0].reasons = {"why"};
  const auto degraded = find(manifest);
  ASSERT_TRUE(degraded);
  EXPECT_EQ(degraded->reasons, std::vector<std::string>{"why"});
  manifest = past_example();
  manifest.run.kernels[0].result = AnswerTable::kNoResult;
  EXPECT_TRUE(find(manifest)) << "of a version that kept none";
  manifest = past_example();
  manifest.run.kernels[0].source_hash.reset();
  EXPECT_FALSE(find(manifest));
  manifest = past_example();
  manifest.run.kernels[0].outcome = Outcome::kFailed;
  manifest.blob_names = {""};
  EXPECT_FALSE(find(manifest));
}

TEST_F(PastResultsTest, AFileThatIsNotWhatTheManifestSaysIsNotTaken) {
  dir_.write("out/a/1.btf", "0ne");
  EXPECT_FALSE(find(past_example()));
  dir_.write("out/a/1.btf", "on");
  EXPECT_FALSE(find(past_example()));
  dir_.write("out/a/1.btf", "one ");
  EXPECT_FALSE(find(past_example()));
  fs::remove(dir_ / "out/a/1.btf");
  EXPECT_FALSE(find(past_example()));
  dir_.write("one", "one");
  dir_.link("out/a/1.btf", "../../one");
  EXPECT_FALSE(find(past_example()));
  fs::remove(dir_ / "out/a/1.btf");
  fs::create_directory(dir_ / "out/a/1.btf");
  EXPECT_FALSE(find(past_example()));
}

TEST_F(PastResultsTest, KnowsWhereEachLayoutHoldsTheBytes) {
  for (const Layout layout : {Layout::kSymlink, Layout::kHardlink, Layout::kCopy}) {
    Manifest manifest = past_example(layout);
    KernelOutcome second = manifest.run.kernels[0];
    second.archive_path = "b/2.btf.tar.xz";
    second.output_path = "b/2.btf";
    second.source_hash = ContentId{.high = 6, .low = 1};
    manifest.run.kernels.push_back(second);
    manifest.blob_names.push_back(manifest.blob_names[0]);
    dir_.write("out/b/2.btf", "one");
    PastResults past(kRules);
    past.add_output(dir_ / "out", manifest);
    const auto found = past.find(*second.source_hash);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->file, dir_ / (layout == Layout::kSymlink ? "out/a/1.btf" : "out/b/2.btf"));
  }
  EXPECT_FALSE(find(past_example(Layout::kIndexed)));
  dir_.write("out/blobs/" + past_example().blob_names[0] + ".btf", "one");
  EXPECT_TRUE(find(past_example(Layout::kIndexed)));
}

TEST_F(PastResultsTest, AnotherFileOfTheSameSourceServesToo) {
  Manifest manifest = past_example(Layout::kCopy);
  KernelOutcome second = manifest.run.kernels[0];
  second.archive_path = "b/2.btf.tar.xz";
  second.output_path = "b/2.btf";
  manifest.run.kernels.push_back(second);
  manifest.blob_names.push_back(manifest.blob_names[0]);
  EXPECT_TRUE(find(manifest));
  fs::rename(dir_ / "out/a", dir_ / "out/b");
  fs::rename(dir_ / "out/b/1.btf", dir_ / "out/b/2.btf");
  EXPECT_TRUE(find(manifest));
}

TEST_F(PastResultsTest, TheCacheIsAskedWhereTheOutputHasNothing) {
  MinimizedBtf minimized;
  minimized.bytes.resize(4);
  cache().keep(kSource, minimized, {}, 600);
  PastResults past(kRules);
  past.use_cache(cache(), false);
  EXPECT_EQ(past.find(kSource)->btf_size, 600U);
  past.add_output(dir_ / "out", past_example());
  EXPECT_EQ(past.find(kSource)->btf_size, 500U);
  dir_.write("out/a/1.btf", "two");
  EXPECT_EQ(past.find(kSource)->btf_size, 600U);
}

TEST_F(PastResultsTest, TheCacheGetsWhatItLacks) {
  PastResults past(kRules);
  past.use_cache(cache(), false);
  past.add_output(dir_ / "out", past_example());
  EXPECT_TRUE(past.find(kSource));
  EXPECT_EQ(cache().find(kSource)->btf_size, 500U);
  const ContentId other{.high = 6, .low = 6};
  past.keep(other, MinimizedBtf{}, {}, 700);
  EXPECT_EQ(cache().find(other)->btf_size, 700U);
}

TEST_F(PastResultsTest, ACacheThatIsOnlyToKeepIsNotAsked) {
  cache().keep(kSource, MinimizedBtf{}, {}, 600);
  PastResults past(kRules);
  past.use_cache(cache(), true);
  EXPECT_FALSE(past.find(kSource));
  past.keep(kSource, MinimizedBtf{}, {}, 700);
  EXPECT_EQ(cache().find(kSource)->btf_size, 700U);
}

}  // namespace
}  // namespace btfbatch
