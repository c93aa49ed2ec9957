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
                                        .after = "broken",
                                        .programs = {"trace"}},
                          ChangedAnswer{.object = "a.bpf.o",
                                        .kind = RelocationKind::kFieldByteOffset,
                                        .path = "task_struct.state",
                                        .before = "24",
                                        .after = "probably_guarded"}));
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

TEST(Diff, AKernelThatFailsIsComparedInNothingElse) {
  const std::string broken_kernel = "debian/12/x86_64/6.1.0-10.btf.tar.xz";
  Manifest after = example();
  KernelOutcome& kernel = after.run.kernels[2];
  ASSERT_EQ(kernel.archive_path, broken_kernel);
  kernel.outcome = Outcome::kFailed;
  kernel.result = AnswerTable::kNoResult;
  kernel.content_id = {};
  const ManifestDiff diff = diff_manifests(example(), after);
  EXPECT_THAT(diff.newly_failed, ElementsAre(broken_kernel));
  EXPECT_THAT(diff.newly_broken, IsEmpty());
  const ManifestDiff back = diff_manifests(after, example());
  EXPECT_THAT(back.no_longer_failed, ElementsAre(broken_kernel));
  EXPECT_FALSE(back.is_empty());
  for (const ManifestDiff& each : {diff, back}) {
    EXPECT_EQ(each.unchanged, 4U);
    EXPECT_THAT(each.changed, IsEmpty());
    EXPECT_THAT(each.mended, IsEmpty());
  }
  // What breaks there may have come while it failed.
  ASSERT_EQ(back.newly_broken.size(), 1U);
  EXPECT_THAT(back.newly_broken[0].kernels, ElementsAre(broken_kernel));
}

TEST(Diff, AKernelThatATarHasTwiceIsOne) {
  Manifest twice = example();
  KernelOutcome failed;
  failed.archive_path = twice.run.kernels[2].archive_path;
  failed.outcome = Outcome::kFailed;
  twice.run.kernels.insert(twice.run.kernels.begin() + 2, failed);
  EXPECT_TRUE(diff_manifests(twice, twice).is_empty());
  EXPECT_TRUE(diff_manifests(twice, example()).is_empty());
  EXPECT_TRUE(diff_manifests(example(), twice).is_empty());
}

// One kernel, of which the objects have these states at their sites, as in two_programs().
Manifest one_kernel(const std::vector<ObjectNeeds>& objects,
                    const std::vector<std::vector<RelocationState>>& states) {
  AnswerCollector collector(objects);
  KernelReport report;
  for (const std::vector<RelocationState>& sites : states) {
    report.push_back(std::make_shared<const ObjectReport>(
        ObjectReport{.sites = sites,
                     .values = {16},
                     .troubles = {{.relocation = 0, .reason = "it is not there", .instead = {}}}}));
  }
  std::vector<std::size_t> results = {collector.add(report)};
  Manifest manifest;
  manifest.run.kernels = {test::example_kernel("12", "6.1.0-1", results[0])};
  manifest.run.answers = collector.finish(results);
  for (const ObjectNeeds& object : objects) {
    manifest.run.objects.emplace_back().name = object.name;
  }
  return manifest;
}

// Both of its programs ask for the same.
ObjectNeeds two_programs(const std::string& name) {
  ObjectNeeds object = test::example_object(name);
  object.relocations.resize(1);
  object.sites = {{.program = 0, .relocation = 0}, {.program = 1, .relocation = 0}};
  return object;
}

constexpr RelocationState kWell = RelocationState::kResolved;
constexpr RelocationState kBroken = RelocationState::kBroken;

TEST(Diff, AProgramThatBreaksBesideOneThatWasBrokenIsTold) {
  const Manifest before = one_kernel({two_programs("a.bpf.o")}, {{kBroken, kWell}});
  Manifest after = one_kernel({two_programs("a.bpf.o")}, {{kBroken, kBroken}});
  after.run.kernels[0].content_id.low = 99;
  const ManifestDiff diff = diff_manifests(before, after);
  ASSERT_EQ(diff.newly_broken.size(), 1U);
  EXPECT_THAT(diff.newly_broken[0].programs, ElementsAre("enter"));
  ASSERT_EQ(diff.changed.size(), 1U);
  ASSERT_EQ(diff.changed[0].answers.size(), 1U);
  EXPECT_EQ(diff.changed[0].answers[0].after, "broken");
  EXPECT_THAT(diff.changed[0].answers[0].programs, ElementsAre("enter"));
  const ManifestDiff back = diff_manifests(after, before);
  EXPECT_THAT(back.newly_broken, IsEmpty());
  ASSERT_EQ(back.mended.size(), 1U);
  EXPECT_THAT(back.mended[0].programs, ElementsAre("enter"));
}

TEST(Diff, ProgramsThatBreakAlikeAreToldTogether) {
  const ManifestDiff diff =
      diff_manifests(one_kernel({two_programs("a.bpf.o")}, {{kWell, kWell}}),
                     one_kernel({two_programs("a.bpf.o")}, {{kBroken, kBroken}}));
  ASSERT_EQ(diff.newly_broken.size(), 1U);
  EXPECT_THAT(diff.newly_broken[0].programs, ElementsAre("enter", "trace"));
}

TEST(Diff, AnObjectGivenByAnotherPathIsTheSame) {
  const std::vector<std::vector<RelocationState>> broken = {{kBroken, kWell}, {kWell, kWell}};
  const auto given_as = [&](const std::string& one, const std::string& other) {
    return one_kernel({two_programs(one), two_programs(other)}, broken);
  };
  const Manifest before = given_as("b1/runqlen", "b1/runqlen#2");
  for (const Manifest& after :
       {given_as("./b1/runqlen", "./b1/runqlen#2"), given_as("/tmp/b2/runqlen", "b3/runqlen#2")}) {
    EXPECT_TRUE(diff_manifests(before, after).is_empty());
  }
  Manifest after = one_kernel({two_programs("b2/runqlen"), two_programs("b2/runqlen#2")},
                              {{kBroken, kBroken}, {kWell, kWell}});
  const ManifestDiff diff = diff_manifests(before, after);
  ASSERT_EQ(diff.newly_broken.size(), 1U);
  EXPECT_EQ(diff.newly_broken[0].object, "b2/runqlen");
  EXPECT_THAT(diff.newly_broken[0].programs, ElementsAre("enter"));
  ASSERT_EQ(diff_manifests(after, before).mended.size(), 1U);
  EXPECT_EQ(diff_manifests(after, before).mended[0].object, "b1/runqlen");
}

TEST(Diff, ObjectsOfOneFileNameAreToldApartByTheirPathsAlone) {
  const auto given_as = [](const std::string& one, const std::string& other) {
    return one_kernel({two_programs(one), two_programs(other)}, {{kBroken, kWell}, {kWell, kWell}});
  };
  const Manifest before = given_as("a/x.bpf.o", "b/x.bpf.o");
  EXPECT_TRUE(diff_manifests(before, given_as("./a/x.bpf.o", "./b/x.bpf.o")).is_empty());
  const ManifestDiff moved = diff_manifests(before, given_as("c/x.bpf.o", "d/x.bpf.o"));
  EXPECT_THAT(moved.gone_objects, ElementsAre("a/x.bpf.o", "b/x.bpf.o"));
  EXPECT_THAT(moved.added_objects, ElementsAre("c/x.bpf.o", "d/x.bpf.o"));
  EXPECT_THAT(diff_manifests(before, given_as("a/x.bpf.o", "d/x.bpf.o")).added_objects,
              ElementsAre("d/x.bpf.o"));
  // What has its path still is not taken for another.
  EXPECT_THAT(diff_manifests(before, given_as("a/x.bpf.o", "b/y.bpf.o")).gone_objects,
              ElementsAre("b/x.bpf.o"));
}

TEST(Diff, ARenamedProgramChangesNoAnswer) {
  ObjectNeeds renamed = two_programs("a.bpf.o");
  renamed.programs[1].name = "leave";
  Manifest after = one_kernel({renamed}, {{kWell, kWell}});
  after.run.kernels[0].content_id.low = 99;
  const ManifestDiff diff =
      diff_manifests(one_kernel({two_programs("a.bpf.o")}, {{kWell, kWell}}), after);
  ASSERT_EQ(diff.changed.size(), 1U);
  EXPECT_THAT(diff.changed[0].answers, IsEmpty());
}

TEST(Diff, ARenamedProgramBreaksNothing) {
  ObjectNeeds renamed = two_programs("a.bpf.o");
  renamed.programs[1].name = "leave";
  const Manifest broken_before = one_kernel({two_programs("a.bpf.o")}, {{kWell, kBroken}});
  const Manifest broken_after = one_kernel({renamed}, {{kWell, kBroken}});
  EXPECT_THAT(diff_manifests(broken_before, broken_after).newly_broken, IsEmpty());
  const Manifest well_before = one_kernel({two_programs("a.bpf.o")}, {{kWell, kWell}});
  EXPECT_EQ(diff_manifests(well_before, broken_after).newly_broken.size(), 1U);
}

TEST(Diff, WhatIsGoneIsNotMendedAndWhatIsNewAndBrokenIsTold) {
  const Manifest with = one_kernel({two_programs("a.bpf.o"), two_programs("b.bpf.o")},
                                   {{kWell, kWell}, {kBroken, kWell}});
  const Manifest without = one_kernel({two_programs("a.bpf.o")}, {{kWell, kWell}});
  const ManifestDiff gone = diff_manifests(with, without);
  EXPECT_THAT(gone.gone_objects, ElementsAre("b.bpf.o"));
  EXPECT_THAT(gone.mended, IsEmpty());
  const ManifestDiff added = diff_manifests(without, with);
  ASSERT_EQ(added.newly_broken.size(), 1U);
  EXPECT_EQ(added.newly_broken[0].object, "b.bpf.o");

  ObjectNeeds one_program = two_programs("b.bpf.o");
  one_program.programs.erase(one_program.programs.begin());
  one_program.sites.pop_back();
  EXPECT_THAT(diff_manifests(with, one_kernel({two_programs("a.bpf.o"), one_program},
                                              {{kWell, kWell}, {kWell}}))
                  .mended,
              IsEmpty());
}

}  // namespace
}  // namespace btfbatch
