#include "pipeline/bundle/entries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace btfbatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

WrittenKernel written(const std::string& path, std::size_t blob) {
  return {.archive_path = path + ".tar.xz", .output_path = path, .blob = blob, .blob_name = {}};
}

std::vector<std::string> lines(std::span<const BundleEntry> entries) {
  std::vector<std::string> result;
  for (const BundleEntry& entry : entries) {
    const KernelIdentity& i = entry.identity;
    result.push_back(entry.path + " " + i.distro + "|" + i.release + "|" + i.arch + "|" +
                     i.kernel_release + " " + std::to_string(entry.blob));
  }
  return result;
}

const std::vector<WrittenKernel> kWritten = {written("u/20/x86_64/5.5.btf", 0),
                                             written("c/8/arm64/4.18.btf", 1),
                                             written("c/8/arm64/4.19.btf", 0)};

TEST(BundleEntries, AreSortedAndHaveAliasesAsKernelsOfTheirOwn) {
  const std::vector<Alias> aliases = {{.path = "u/focal", .target = "u/20", .is_directory = true}};
  EXPECT_THAT(
      lines(bundle_entries(kWritten, aliases)),
      ElementsAre("c/8/arm64/4.18.btf c|8|arm64|4.18 1", "c/8/arm64/4.19.btf c|8|arm64|4.19 0",
                  "u/20/x86_64/5.5.btf u|20|x86_64|5.5 0",
                  "u/focal/x86_64/5.5.btf u|focal|x86_64|5.5 0"));
}

PathTemplates templates(const std::vector<std::string>& texts) {
  return PathTemplates::parse(texts).value();
}

TEST(BundleEntries, AreRenamedAndSortedAgain) {
  const auto entries = bundle_entries(kWritten, {});
  const auto renamed = rename_entries(entries, templates({"{go_arch}/{kernel}.btf"}));
  ASSERT_TRUE(renamed);
  EXPECT_THAT(lines(*renamed),
              ElementsAre("amd64/5.5.btf u|20|x86_64|5.5 0", "arm64/4.18.btf c|8|arm64|4.18 1",
                          "arm64/4.19.btf c|8|arm64|4.19 0"));
}

TEST(BundleEntries, ThatFallTogetherBecomeOneOrAreRefused) {
  const std::vector<WrittenKernel> kernels = {written("c/7/x86_64/4.btf", 0),
                                              written("c/8/x86_64/4.btf", 0),
                                              written("d/8/x86_64/4.btf", 1)};
  const auto entries = bundle_entries(kernels, {});
  const auto renamed = rename_entries(entries, templates({"{distro}/{kernel}.btf"}));
  ASSERT_TRUE(renamed);
  EXPECT_THAT(lines(*renamed), ElementsAre("c/4.btf c|7|x86_64|4 0", "d/4.btf d|8|x86_64|4 1"));
  const auto refused = rename_entries(entries, templates({"{kernel}.btf"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "--bundle-path gives two kernels with different BTF the path '4.btf': "
            "c/7/x86_64/4.btf and d/8/x86_64/4.btf");
}

TEST(BundleEntries, CannotBeRenamedToLeadOut) {
  const std::vector<BundleEntry> entries = {
      {.path = "x.btf",
       .identity = {.distro = "..", .release = {}, .arch = {}, .kernel_release = "4"},
       .blob = 0}};
  const auto refused = rename_entries(entries, templates({"{distro}/{kernel}.btf"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(
      refused.error().message,
      "--bundle-path gives x.btf the path '../4.btf', which its path leads upwards with '..'");
}

TEST(BundleEntries, OfOneIdentityAreIndexedOnce) {
  const std::vector<WrittenKernel> kernels = {written("c/7/x86_64/4.btf", 0),
                                              written("c/7/x86_64/nobpf/4.btf", 1),
                                              written("c/7/x86_64/same/4.btf", 0)};
  const IndexableEntries indexable = indexable_entries(bundle_entries(kernels, {}));
  EXPECT_THAT(lines(indexable.entries), ElementsAre("c/7/x86_64/4.btf c|7|x86_64|4 0",
                                                    "c/7/x86_64/same/4.btf c|7|x86_64|4 0"));
  EXPECT_THAT(indexable.left_out,
              ElementsAre("c/7/x86_64/nobpf/4.btf: c/7/x86_64/4.btf has the same names and another "
                          "BTF"));
}

TEST(BundleEntries, WithNamesThatNoBtfsHoldsAreLeftOutOfIt) {
  const std::vector<WrittenKernel> kernels = {written("c/7/x86_64/4\n.btf", 0),
                                              written("c/7/x86_64/5.btf", 0)};
  const IndexableEntries indexable = indexable_entries(bundle_entries(kernels, {}));
  EXPECT_EQ(indexable.entries.size(), 1U);
  EXPECT_THAT(indexable.left_out, ElementsAre("c/7/x86_64/4\n.btf: a name has a '/' or a control "
                                              "character in it"));
  EXPECT_THAT(indexable_entries({}).entries, IsEmpty());
}

}  // namespace
}  // namespace btfbatch
