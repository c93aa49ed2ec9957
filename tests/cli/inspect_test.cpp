#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/support/test_data.h"

namespace btfbatch::cli {
namespace {

using nlohmann::json;
using test::ProgramResult;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class Inspect : public test::ProgramTest {};

TEST_F(Inspect, ShowsWhatAnObjectNeeds) {
  const ProgramResult result =
      btfbatch({"inspect", test::object_path("guards"), test::object_path("externs")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, HasSubstr("\n    unguarded_twice "));
  EXPECT_THAT(result.out, HasSubstr("\n    person___soon.no_such_field"));
  EXPECT_THAT(result.out, HasSubstr("guards.bpf.c:"));
  EXPECT_THAT(result.out, HasSubstr("\n    kfunc"));
  EXPECT_THAT(result.out, HasSubstr("kernel BTF   11 programs load only"));
  EXPECT_THAT(result.out, HasSubstr("\n    on_tracepoint         tp_btf\n"));
  for (std::size_t at = 0, end = 0; (end = result.out.find('\n', at)) != std::string::npos;
       at = end + 1) {
    EXPECT_FALSE(end > at && result.out[end - 1] == ' ') << "a space at a line's end";
  }
}

TEST_F(Inspect, SaysTheSameAsJson) {
  const ProgramResult result = btfbatch({"inspect", "--json", test::object_path("guards")});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const json document = json::parse(result.out);
  EXPECT_EQ(document["format_version"], 1);
  ASSERT_EQ(document["objects"].size(), 1U);
  const json& object = document["objects"][0];
  EXPECT_EQ(object["programs"][0]["name"], "unguarded");
  EXPECT_EQ(object["programs"][0]["section"], "raw_tp/x");
  EXPECT_EQ(object["programs"][0]["needs_kernel_btf"], "");
  const json& first = object["relocations"][0];
  EXPECT_EQ(first["kind"], "byte_off");
  EXPECT_EQ(first["path"], "person.no_such_field");
  EXPECT_EQ(first["programs"], json::array({"unguarded"}));
  EXPECT_THAT(first["source"]["file"].get<std::string>(), MatchesRegex(".*guards\\.bpf\\.c"));
  EXPECT_GT(first["source"]["line"], 0);
  EXPECT_NE(first["source"]["text"], "");
}

TEST_F(Inspect, ShowsPathsThroughPointers) {
  const std::string object = test::object_path("joined");
  EXPECT_THAT(btfbatch({"inspect", object}).out, HasSubstr("\n    node.up->branch->leaves "));
  const json document = json::parse(btfbatch({"inspect", "--json", object}).out);
  std::vector<std::string> paths;
  for (const json& relocation : document["objects"][0]["relocations"]) {
    if (relocation["joined_path"] == "node.up->branch->leaves") paths.push_back(relocation["path"]);
  }
  EXPECT_THAT(paths, testing::ElementsAre("branch.leaves", "branch.leaves"));
}

TEST_F(Inspect, NamesWhatIsWrong) {
  const ProgramResult none = btfbatch({"inspect"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.err, HasSubstr("no object given"));
  const ProgramResult missing = btfbatch({"inspect", "no/such/object.o"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.err, HasSubstr("no/such/object.o"));
  EXPECT_EQ(missing.out, "");
}

}  // namespace
}  // namespace btfbatch::cli
