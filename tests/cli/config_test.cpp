#include "cli/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace btfbatch::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<ConfigKey> kKeys{
    {"layout", ConfigShape::kText}, {"arch", ConfigShape::kTexts},
    {"out", ConfigShape::kPath},    {"objs", ConfigShape::kPaths},
    {"jobs", ConfigShape::kNumber}, {"max-btf-size", ConfigShape::kSize},
    {"strict", ConfigShape::kFlag},
};

class Config : public ::testing::Test {
 protected:
  Result<std::vector<ConfigEntry>> read(std::string_view text) {
    file_ = dir_.write("folder/job.toml", text);
    return read_config(file_, kKeys);
  }

  // What is said about the file, without its path, which begins the message.
  std::string complaint(std::string_view text) {
    const auto entries = read(text);
    if (entries) {
      return "";
    }
    EXPECT_EQ(entries.error().message.rfind(file_.string() + ":", 0), 0U)
        << entries.error().message;
    return entries.error().message.substr(file_.string().size());
  }

  test::TempDir dir_;
  std::filesystem::path file_;
};

TEST_F(Config, GivesValuesInTheOrderOfTheFile) {
  const auto entries = read("strict = true\njobs = 3\nlayout = \"copy\"\n\narch = \"arm64\"\n");
  ASSERT_TRUE(entries) << entries.error().message;
  ASSERT_EQ(entries->size(), 4U);
  EXPECT_EQ((*entries)[0].name, "strict");
  EXPECT_THAT((*entries)[0].values, ElementsAre("true"));
  EXPECT_EQ((*entries)[0].line, 1U);
  EXPECT_EQ((*entries)[1].name, "jobs");
  EXPECT_THAT((*entries)[1].values, ElementsAre("3"));
  EXPECT_EQ((*entries)[2].name, "layout");
  EXPECT_THAT((*entries)[2].values, ElementsAre("copy"));
  EXPECT_EQ((*entries)[3].name, "arch");
  EXPECT_THAT((*entries)[3].values, ElementsAre("arm64"));
  EXPECT_EQ((*entries)[3].line, 5U);
}

TEST_F(Config, TakesPathsFromItsOwnFolder) {
  const auto entries = read("out = \"../out\"\nobjs = [\"a.bpf.o\", \"/abs/b.bpf.o\"]\n");
  ASSERT_TRUE(entries) << entries.error().message;
  EXPECT_THAT((*entries)[0].values, ElementsAre((dir_.path() / "out").string()));
  EXPECT_THAT((*entries)[1].values,
              ElementsAre((dir_.path() / "folder/a.bpf.o").string(), "/abs/b.bpf.o"));
}

TEST_F(Config, LeavesTextsThatAreNoPathsAlone) {
  const auto entries = read("arch = [\"../x\", \"y\"]\n");
  ASSERT_TRUE(entries) << entries.error().message;
  EXPECT_THAT((*entries)[0].values, ElementsAre("../x", "y"));
}

TEST_F(Config, TakesSizesAsNumbersAndAsStrings) {
  EXPECT_THAT(read("max-btf-size = 4096\n").value()[0].values, ElementsAre("4096"));
  EXPECT_THAT(read("max-btf-size = \"1GiB\"\n").value()[0].values, ElementsAre("1GiB"));
}

TEST_F(Config, TakesEmptyFilesAndComments) {
  EXPECT_THAT(read("").value(), IsEmpty());
  EXPECT_THAT(read("# nothing\n").value(), IsEmpty());
}

TEST_F(Config, NamesLineAndNearestKeyOfAnUnknownOne) {
  EXPECT_EQ(complaint("jobs = 1\n\nlayuot = \"copy\"\n"),
            ":3: unknown key 'layuot'; the nearest known one is 'layout'");
  EXPECT_EQ(complaint("[jobs-table]\nx = 1\n"),
            ":1: unknown key 'jobs-table'; the nearest known one is 'jobs'");
}

TEST_F(Config, NamesLineAndShapeOfAWrongValue) {
  EXPECT_EQ(complaint("\njobs = \"3\"\n"), ":2: 'jobs' takes an integer, not a string");
  EXPECT_EQ(complaint("jobs = 1.5\n"), ":1: 'jobs' takes an integer, not a floating-point number");
  EXPECT_EQ(complaint("jobs = 2026-01-01\n"), ":1: 'jobs' takes an integer, not a date or a time");
  EXPECT_EQ(complaint("strict = 1\n"), ":1: 'strict' takes true or false, not an integer");
  EXPECT_EQ(complaint("layout = [\"copy\"]\n"), ":1: 'layout' takes a string, not such an array");
  EXPECT_EQ(complaint("out = true\n"), ":1: 'out' takes a string, not a boolean");
  EXPECT_EQ(complaint("objs = [1]\n"),
            ":1: 'objs' takes a string or an array of strings, not such an array");
  EXPECT_EQ(complaint("arch = {}\n"),
            ":1: 'arch' takes a string or an array of strings, not a table");
  EXPECT_EQ(complaint("max-btf-size = true\n"),
            ":1: 'max-btf-size' takes an integer or a string such as \"256MiB\", not a boolean");
}

TEST_F(Config, NamesTheLineThatIsNoToml) {
  EXPECT_THAT(complaint("jobs = 1\nout = \n"), ::testing::StartsWith(":2: "));
  EXPECT_THAT(complaint("jobs = 1\njobs = 2\n"), ::testing::StartsWith(":2: "));
}

TEST_F(Config, SaysThatAFileCannotBeRead) {
  const auto missing = read_config(dir_ / "missing.toml", kKeys);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("missing.toml"));
  EXPECT_THAT(missing.error().message, EndsWith("No such file or directory"));
  const auto folder = read_config(dir_.path(), kKeys);
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().message, EndsWith("is a folder, not a file"));
}

}  // namespace
}  // namespace btfbatch::cli
