#include "pipeline/output_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace btfbatch {
namespace {

using testing::ElementsAre;
using testing::Pair;

PlannedPath file(std::size_t blob) {
  return {.blob = blob, .link = {}};
}
PlannedPath link(std::size_t blob, std::string to) {
  return {.blob = blob, .link = std::move(to)};
}
PlannedPath folder_link(std::string to) {
  return {.blob = {}, .link = std::move(to)};
}

WrittenKernel kernel(const std::string& path, std::size_t blob) {
  return {.archive_path = path + ".tar.xz",
          .output_path = path,
          .blob = blob,
          .blob_name = "id" + std::to_string(blob)};
}

Alias folder_alias(std::string path, std::string target) {
  return {.path = std::move(path), .target = std::move(target), .is_directory = true};
}

// Two of three are equal, and the equal ones are not given in path order.
const std::vector<WrittenKernel> kKernels = {kernel("u/20/x/5.5.btf", 0), kernel("c/8/4.18.btf", 1),
                                             kernel("c/8/4.19.btf", 0)};

TEST(OutputPlan, SymlinksLeadToTheLexicallyFirstPath) {
  EXPECT_THAT(plan_output(Layout::kSymlink, kKernels, {}),
              ElementsAre(Pair("c/8/4.18.btf", file(1)), Pair("c/8/4.19.btf", file(0)),
                          Pair("u/20/x/5.5.btf", link(0, "../../../c/8/4.19.btf"))));
}

TEST(OutputPlan, HardlinksAndCopiesAreFiles) {
  for (const Layout layout : {Layout::kHardlink, Layout::kCopy}) {
    EXPECT_THAT(plan_output(layout, kKernels, {}),
                ElementsAre(Pair("c/8/4.18.btf", file(1)), Pair("c/8/4.19.btf", file(0)),
                            Pair("u/20/x/5.5.btf", file(0))));
  }
}

TEST(OutputPlan, IndexedHasBlobsAlone) {
  EXPECT_THAT(plan_output(Layout::kIndexed, kKernels, std::vector{folder_alias("v", "u")}),
              ElementsAre(Pair("blobs/id0.btf", file(0)), Pair("blobs/id1.btf", file(1))));
}

TEST(OutputPlan, AliasesOfFolders) {
  const std::vector<Alias> aliases = {folder_alias("u/focal", "u/20"), folder_alias("z", "u")};
  EXPECT_THAT(plan_output(Layout::kSymlink, kKernels, aliases),
              ElementsAre(Pair("c/8/4.18.btf", file(1)), Pair("c/8/4.19.btf", file(0)),
                          Pair("u/20/x/5.5.btf", link(0, "../../../c/8/4.19.btf")),
                          Pair("u/focal", folder_link("20")), Pair("z", folder_link("u"))));
  EXPECT_THAT(plan_output(Layout::kCopy, kKernels, aliases),
              ElementsAre(Pair("c/8/4.18.btf", file(1)), Pair("c/8/4.19.btf", file(0)),
                          Pair("u/20/x/5.5.btf", file(0)), Pair("u/focal/x/5.5.btf", file(0)),
                          Pair("z/20/x/5.5.btf", file(0))));
}

TEST(OutputPlan, AliasesOfKernels) {
  const std::vector<Alias> aliases = {
      {.path = "c/8/again.btf.tar.xz", .target = "c/8/4.18.btf.tar.xz", .is_directory = false}};
  EXPECT_THAT(
      plan_output(Layout::kSymlink, std::vector{kernel("c/8/4.18.btf", 7)}, aliases),
      ElementsAre(Pair("c/8/4.18.btf", file(7)), Pair("c/8/again.btf", link(7, "4.18.btf"))));
  EXPECT_THAT(plan_output(Layout::kHardlink, std::vector{kernel("c/8/4.18.btf", 7)}, aliases),
              ElementsAre(Pair("c/8/4.18.btf", file(7)), Pair("c/8/again.btf", file(7))));
}

TEST(OutputPlan, AliasesThatLeadNowhereOrAreInTheWayAreLeftOut) {
  const std::vector<Alias> aliases = {
      folder_alias("gone", "u/18"),              // nothing was written there
      folder_alias("u/2", "u/20/y"),             // nor there
      folder_alias("c", "u"),                    // a folder of kernels
      folder_alias("c/8/4.18.btf", "u"),         // a kernel
      folder_alias("c/8/4.18.btf/inside", "u"),  // within one
      folder_alias("btfbatch.json", "u"),        // the manifest
      folder_alias("index.json", "u"),
      {.path = "x.btf", .target = "c/8/nothing.btf.tar.xz", .is_directory = false}};
  EXPECT_EQ(plan_output(Layout::kSymlink, kKernels, aliases),
            plan_output(Layout::kSymlink, kKernels, {}));
}

TEST(Layout, NamesLeadBack) {
  for (const Layout layout :
       {Layout::kSymlink, Layout::kHardlink, Layout::kCopy, Layout::kIndexed}) {
    EXPECT_EQ(layout_of_name(layout_name(layout)), layout);
  }
  EXPECT_EQ(layout_of_name("zip"), std::nullopt);
}

}  // namespace
}  // namespace btfbatch
