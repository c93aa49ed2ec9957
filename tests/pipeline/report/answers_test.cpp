#include "pipeline/report/answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/report/answers_json.h"
#include "tests/pipeline/report/example_answers.h"

namespace btfbatch {
namespace {

using testing::ElementsAre;

const std::vector<ObjectNeeds> kObjects = {test::example_object("a"), test::example_object("b")};

TEST(AnswerCollector, EqualReportsAreOneWhoeverMadeThem) {
  AnswerCollector collector(kObjects);
  EXPECT_EQ(collector.add({test::good_report(16), test::good_report(32)}), 0U);
  EXPECT_EQ(collector.add({test::good_report(16), test::good_report(32)}), 0U);
  EXPECT_EQ(collector.add({test::good_report(16), test::broken_report()}), 1U);
  EXPECT_EQ(collector.add({test::good_report(24), test::broken_report()}), 2U);
}

TEST(AnswerCollector, TheTableDoesNotDependOnTheOrderInWhichKernelsCame) {
  const KernelReport one = {test::good_report(16), test::good_report(32)};
  const KernelReport two = {test::good_report(24), test::broken_report()};
  AnswerCollector forwards(kObjects);
  std::vector<std::size_t> results = {forwards.add(one), AnswerTable::kNoResult, forwards.add(two)};
  const AnswerTable table = forwards.finish(results);
  AnswerCollector backwards(kObjects);
  const std::size_t second = backwards.add(two);
  const std::size_t unused = backwards.add({test::good_report(99), test::good_report(99)});
  std::vector<std::size_t> others = {backwards.add(one), AnswerTable::kNoResult, second};
  EXPECT_EQ(unused, 1U);
  EXPECT_EQ(json_of(backwards.finish(others), SourceLines::kIncluded),
            json_of(table, SourceLines::kIncluded));
  EXPECT_THAT(results, ElementsAre(0, AnswerTable::kNoResult, 1));
  EXPECT_EQ(results, others);
  EXPECT_EQ(table.report(1, 0)->values[0], 24U);
  EXPECT_EQ(*table.report(1, 1), *test::broken_report());
}

TEST(AnswerTable, KeepsWhichObjectsAreNotJudged) {
  std::vector<ObjectNeeds> objects = kObjects;
  objects[1].architecture = "arm64";
  AnswerCollector collector(objects);
  std::vector<std::size_t> results = {collector.add({test::good_report(16), nullptr}),
                                      collector.add({nullptr, test::broken_report()}),
                                      collector.add({test::good_report(16), nullptr})};
  const AnswerTable table = collector.finish(results);
  EXPECT_THAT(results, ElementsAre(0, 1, 0));
  const Json written = json_of(table, SourceLines::kIncluded);
  EXPECT_EQ(written["results"], Json({"0 -", "- 0"}));
  EXPECT_FALSE(written["objects"][0].contains("architecture"));
  const AnswerTable read = answers_from(Json::parse(written.dump()));
  EXPECT_EQ(read.objects[1].architecture, "arm64");
  EXPECT_EQ(read.report(0, 1), nullptr);
  EXPECT_EQ(*read.report(1, 1), *test::broken_report());
  EXPECT_EQ(json_of(read, SourceLines::kIncluded), written);
}

TEST(AnswersJson, ReadingGivesWhatWasWritten) {
  AnswerTable table = test::example_run().answers;
  table.objects[0].relocations[1].joined_path = "cgroup.task->state";
  const Json written = json_of(table, SourceLines::kIncluded);
  const AnswerTable read = answers_from(Json::parse(written.dump()));
  EXPECT_EQ(json_of(read, SourceLines::kIncluded), written);
  EXPECT_EQ(*read.report(1, 0), *test::broken_report());
  EXPECT_EQ(read.objects[0].sites, table.objects[0].sites);
  EXPECT_EQ(read.objects[0].relocations[0].source.text, "p->pid");
  EXPECT_EQ(read.objects[0].relocations[1].joined_path, "cgroup.task->state");
  EXPECT_EQ(read.objects[0].programs[1].kernel_btf, "fentry needs it");
  EXPECT_FALSE(
      json_of(table, SourceLines::kLeftOut)["objects"][0]["relocations"][0].contains("source"));
}

TEST(AnswersJson, IsWhatItsHeaderDescribes) {
  const Json written = json_of(test::example_run().answers, SourceLines::kIncluded);
  EXPECT_EQ(written["results"], Json({"0 0", "1 0"}));
  const Json& object = written["objects"][0];
  EXPECT_EQ(object["sites"], "0/0 0/1 -/1");
  EXPECT_EQ(object["answers"][0].dump(), R"({"sites":"rrr","values":"16 24"})");
  EXPECT_EQ(object["answers"][1]["sites"], "rbp");
  EXPECT_EQ(object["answers"][1]["troubles"][0]["instead"]["kind"], "renamed_member");
  EXPECT_EQ(
      object["relocations"][1].dump(),
      R"({"kind":"byte_off","path":"task_struct.state","section":"kprobe/f","instruction":16})");
}

TEST(AnswersJson, NumbersThatLeadNowhereAreRefused) {
  const Json good = json_of(test::example_run().answers, SourceLines::kIncluded);
  const auto refuses = [&](const char* pointer, const Json& value) {
    Json bad = good;
    bad[Json::json_pointer(pointer)] = value;
    try {
      (void)answers_from(bad);
    } catch (const NotADocument&) {
      return true;
    } catch (const Json::exception&) {
      return true;
    }
    return false;
  };
  EXPECT_FALSE(refuses("/results/0", "0 0"));
  EXPECT_TRUE(refuses("/results/0", "0 9"));
  EXPECT_TRUE(refuses("/results/0", "0"));
  EXPECT_TRUE(refuses("/results/0", "0 x"));
  EXPECT_TRUE(refuses("/results/0", "0 99999999999999999999"));
  EXPECT_TRUE(refuses("/objects/0/sites", "0/0 0/1 0/9"));
  EXPECT_TRUE(refuses("/objects/0/sites", "9/0 0/1 -/1"));
  EXPECT_TRUE(refuses("/objects/0/sites", "0 0/1 -/1"));
  EXPECT_TRUE(refuses("/objects/0/answers/0/sites", "rr"));
  EXPECT_TRUE(refuses("/objects/0/answers/0/sites", "rrz"));
  EXPECT_TRUE(refuses("/objects/0/answers/0/values", "16"));
  EXPECT_TRUE(refuses("/objects/0/answers/1/troubles/0/relocation", 2));
  EXPECT_TRUE(refuses("/objects/0/relocations/0/kind", "no_kind"));
}

}  // namespace
}  // namespace btfbatch
