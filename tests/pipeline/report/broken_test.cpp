#include "pipeline/report/broken.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/pipeline/report/example_answers.h"

namespace btfbatch {
namespace {

using testing::ElementsAre;

TEST(FindBroken, SaysFromWhichVersionToWhich) {
  const RunSummary run = test::example_run();
  const std::vector<BrokenRelocation> broken = find_broken(run);
  ASSERT_EQ(broken.size(), 1U);
  EXPECT_EQ(broken[0].object, 0U);
  EXPECT_EQ(broken[0].relocation, 1U);
  EXPECT_EQ(broken[0].state, RelocationState::kBroken);
  EXPECT_THAT(broken[0].programs, ElementsAre(0));
  EXPECT_EQ(broken[0].kernels, 2U);
  ASSERT_EQ(broken[0].spans.size(), 1U);
  EXPECT_EQ(describe_span(broken[0].spans[0]),
            "debian x86_64 6.1.0-9 to 6.1.0-10 (2 kernels): task_struct has no member state; "
            "task_struct has __state (unsigned int)");
  EXPECT_FALSE(broken[0].spans[0].has_first);
  EXPECT_TRUE(broken[0].spans[0].has_last);
  EXPECT_EQ(describe_place(run.answers, {broken[0]}),
            "a.bpf.o: trace: task_struct.state (byte_off)");
  EXPECT_EQ(count_broken_kernels(run), 2U);
}

TEST(FindBroken, AKernelBetweenThatIsWellMakesTwoSpans) {
  RunSummary run = test::example_run();
  const std::size_t good = run.kernels[0].result;
  const std::size_t broken = run.kernels[2].result;
  run.kernels = {test::example_kernel("12", "6.1", broken), test::example_kernel("12", "6.2", good),
                 test::example_kernel("12", "6.3", broken),
                 test::example_kernel("12", "6.10", broken)};
  const std::vector<BrokenSpan> spans = find_broken(run)[0].spans;
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0].from + " " + spans[0].to, "6.1 6.1");
  EXPECT_EQ(spans[1].from + " " + spans[1].to, "6.3 6.10");
}

TEST(FindBroken, SpansEndWithTheDistroAndTheArch) {
  RunSummary run = test::example_run();
  const std::size_t broken = run.kernels[2].result;
  run.kernels = {test::example_kernel("12", "6.1", broken),
                 test::example_kernel("12", "6.2", broken),
                 test::example_kernel("12", "6.3", broken)};
  run.kernels[1].identity.arch = "arm64";
  run.kernels[2].identity.distro = "ubuntu";
  const std::vector<BrokenSpan> spans = find_broken(run)[0].spans;
  ASSERT_EQ(spans.size(), 3U);
  for (const BrokenSpan& span : spans) {
    EXPECT_TRUE(span.is_everywhere()) << span.from;
  }
}

TEST(GroupByAccess, WhatBreaksAlikeIsToldOnce) {
  RunSummary run = test::example_run();
  auto& relocations = run.answers.objects[0].relocations;
  relocations.push_back(relocations[1]);
  relocations[2].kind = RelocationKind::kFieldSigned;
  relocations.push_back(relocations[1]);
  relocations[3].path = "task_struct.flags";
  std::vector<BrokenRelocation> broken(4, find_broken(run).at(0));
  broken[1].relocation = 2;
  broken[2].relocation = 3;
  broken[3].spans[0].to = "6.1.0-11";
  const std::vector<BrokenAccess> accesses = group_by_access(run.answers, broken);
  ASSERT_EQ(accesses.size(), 3U);
  EXPECT_EQ(describe_place(run.answers, accesses[0]),
            "a.bpf.o: trace: task_struct.state (byte_off, signed)");
  EXPECT_EQ(describe_place(run.answers, accesses[1]),
            "a.bpf.o: trace: task_struct.flags (byte_off)");
  EXPECT_EQ(accesses[2].front().spans[0].to, "6.1.0-11");
}

TEST(DescribePlace, ShowsThePathThatAllAgreeOn) {
  RunSummary run = test::example_run();
  auto& relocations = run.answers.objects[0].relocations;
  relocations[1].joined_path = "cgroup.task->state";
  relocations.push_back(relocations[1]);
  relocations.push_back(relocations[1]);
  relocations[2].kind = RelocationKind::kFieldSigned;
  relocations[2].joined_path = "";
  relocations[3].joined_path = "";
  BrokenAccess access(3, find_broken(run).at(0));
  access[0].relocation = 2;
  EXPECT_EQ(describe_place(run.answers, access),
            "a.bpf.o: trace: cgroup.task->state (signed, byte_off)");
  access[2].relocation = 3;  // reads it without a pointer of another
  EXPECT_EQ(describe_place(run.answers, access),
            "a.bpf.o: trace: task_struct.state (signed, byte_off)");
}

TEST(FindBroken, AnObjectForOtherMachinesIsNotCounted) {
  const std::vector<ObjectNeeds> objects = {test::example_object("a.bpf.o")};
  AnswerCollector collector(objects);
  RunSummary run;
  run.kernels = {test::example_kernel("12", "6.1", collector.add({test::broken_report()})),
                 test::example_kernel("12", "6.2", collector.add({nullptr}))};
  std::vector<std::size_t> results = {0, 1};
  run.answers = collector.finish(results);
  EXPECT_EQ(count_broken_kernels(run), 1U);
  ASSERT_EQ(find_broken(run).size(), 1U);
  EXPECT_EQ(find_broken(run)[0].kernels, 1U);
  EXPECT_EQ(count_not_judged(run).objects, 1U);
  EXPECT_EQ(count_not_judged(run).kernels, 1U);
  EXPECT_EQ(count_not_judged(test::example_run()).objects, 0U);
}

TEST(KernelsByVersion, GoesByDistroReleaseAndVersionAsPeopleDo) {
  EXPECT_THAT(kernels_by_version(test::example_run()), ElementsAre(4, 0, 1, 3, 2));
}

}  // namespace
}  // namespace btfbatch
