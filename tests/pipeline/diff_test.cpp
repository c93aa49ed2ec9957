#include "pipeline/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pipeline/report/example_answers.h"

namespace btfbatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Manifest example() {
  Manifest manifest;
  manifest.run = test::example_run();
  return manifest;
}

TEST(Diff, OfTheSameIsEmpty) {
  const ManifestDiff diff = diff_manifests(example(), example());
  EXPECT_TRUE(diff.is_empty());
  EXPECT_EQ(diff.unchanged, 5U);
}

TEST(Diff, NamesKernelsAndObjectsThatCameAndWent) {
  Manifest before = example();
  Manifest after = example();
  before.run.kernels.erase(before.run.kernels.begin());
  after.run.kernels.pop_back();
  before.run.objects[0].name = "old.bpf.o";
  const ManifestDiff diff = diff_manifests(before, after);
  EXPECT_THAT(diff.added_kernels, ElementsAre("debian/10/x86_64/4.19.0-2.btf.tar.xz"));
  EXPECT_THAT(diff.gone_kernels, ElementsAre("debian/9/x86_64/4.9.0-1.btf.tar.xz"));
  EXPECT_THAT(diff.added_objects, ElementsAre("a.bpf.o"));
  EXPECT_THAT(diff.gone_objects, ElementsAre("old.bpf.o"));
  EXPECT_THAT(diff.newly_broken, IsEmpty());
  EXPECT_FALSE(diff.is_empty());
}

TEST(Diff, SaysWhichRelocationsMadeAResultChangeAndWhatBreaks) {
  Manifest after = example();
  KernelOutcome& kernel = after.run.kernels[1];  // 5.10 becomes as 6.1 is
  kernel.result = after.run.kernels[2].result;
  kernel.content_id = after.run.kernels[2].content_id;
  after.run.answers.objects[0].relocations[1].joined_path = "cgroup.task->state";
  const ManifestDiff diff = diff_manifests(example(), after);
  ASSERT_EQ(diff.changed.size(), 1U);
  EXPECT_THAT(diff.changed[0].kernels, ElementsAre("debian/11/x86_64/5.10.0-3.btf.tar.xz"));
  EXPECT_THAT(diff.changed[0].answers,
              ElementsAre(ChangedAnswer{.object = "a.bpf.o",
                                        .kind = RelocationKind::kFieldByteOffset,
                                        .path = "task_struct.state",
                                        .before = "24",
                                        .after = "broken"}));
  ASSERT_EQ(diff.newly_broken.size(), 1U);
  EXPECT_EQ(diff.newly_broken[0].object, "a.bpf.o");
  EXPECT_EQ(diff.newly_broken[0].path, "task_struct.state");
  EXPECT_EQ(diff.newly_broken[0].joined_path, "cgroup.task->state");
  EXPECT_THAT(diff.newly_broken[0].programs, ElementsAre("trace"));
  EXPECT_EQ(diff.newly_broken[0].reason, "task_struct has no member state");
  EXPECT_EQ(diff.newly_broken[0].instead, "task_struct has __state (unsigned int)");
  EXPECT_THAT(diff.newly_broken[0].kernels, ElementsAre("debian/11/x86_64/5.10.0-3.btf.tar.xz"));
  EXPECT_THAT(diff.mended, IsEmpty());
  const ManifestDiff back = diff_manifests(after, example());
  EXPECT_THAT(back.newly_broken, IsEmpty());
  EXPECT_EQ(back.mended.size(), 1U);
}

TEST(Diff, ANewKernelOnWhichSomethingBreaksIsTold) {
  Manifest before = example();
  before.run.kernels.erase(before.run.kernels.begin() + 2);
  const ManifestDiff diff = diff_manifests(before, example());
  ASSERT_EQ(diff.newly_broken.size(), 1U);
  EXPECT_THAT(diff.newly_broken[0].kernels, ElementsAre("debian/12/x86_64/6.1.0-10.btf.tar.xz"));
}

TEST(Diff, AManifestWithoutAnswersHasNoReasons) {
  Manifest before = example();
  before.run.answers = {};
  for (KernelOutcome& kernel : before.run.kernels) {
    kernel.result = AnswerTable::kNoResult;
  }
  Manifest after = example();
  after.run.kernels[0].content_id.low = 99;
  const ManifestDiff diff = diff_manifests(before, after);
  EXPECT_FALSE(diff.has_answers);
  ASSERT_EQ(diff.changed.size(), 1U);
  EXPECT_THAT(diff.changed[0].answers, IsEmpty());
  EXPECT_THAT(diff.newly_broken, IsEmpty());
}

TEST(Diff, KernelsThatFailNowAreTold) {
  Manifest after = example();
  after.run.kernels[0].outcome = Outcome::kFailed;
  after.run.kernels[0].result = AnswerTable::kNoResult;
  EXPECT_THAT(diff_manifests(example(), after).newly_failed,
              ElementsAre("debian/10/x86_64/4.19.0-2.btf.tar.xz"));
}

}  // namespace
}  // namespace btfbatch
