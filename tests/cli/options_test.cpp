#include "cli/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/temp_dir.h"

namespace btfbatch::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Arguments = std::vector<std::string>;

// The options without which nothing works, with `more` after them.
Arguments with_required(const Arguments& more) {
  Arguments arguments{"--archive", "a", "--objs", "o", "--out", "x"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Settings parsed(const Arguments& arguments) {
  auto settings = parse_options(arguments);
  EXPECT_TRUE(settings) << settings.error().text;
  return settings.value_or(Settings{});
}

std::string refused(const Arguments& arguments) {
  const auto settings = parse_options(arguments);
  if (settings) {
    return "";
  }
  EXPECT_EQ(settings.error().code, kWrongUsage);
  EXPECT_THAT(settings.error().text, ::testing::EndsWith("\nSee 'btfbatch --help'.\n"));
  return settings.error().text;
}

TEST(Options, HaveDefaults) {
  const Settings settings = parsed(with_required({}));
  EXPECT_EQ(settings.run.archive, "a");
  EXPECT_THAT(settings.run.objects, ElementsAre("o"));
  EXPECT_EQ(settings.run.out, "x");
  EXPECT_EQ(settings.run.layout, Layout::kSymlink);
  EXPECT_EQ(settings.run.jobs, 0U);
  EXPECT_EQ(settings.run.max_btf_size, 268435456U);
  EXPECT_FALSE(settings.run.strict);
  EXPECT_FALSE(settings.run.fresh);
  EXPECT_TRUE(settings.run.cache.empty());
  EXPECT_EQ(settings.progress, ProgressMode::kAuto);
  EXPECT_EQ(settings.log_format, LogFormat::kText);
  EXPECT_FALSE(settings.quiet);
  EXPECT_FALSE(settings.verbose);
}

TEST(Options, AreAllTaken) {
  const Settings settings = parsed(with_required({"--layout",
                                                  "indexed",
                                                  "--arch",
                                                  "arm64",
                                                  "--arch",
                                                  "x86*",
                                                  "--distro",
                                                  "ubuntu",
                                                  "--release",
                                                  "[0-9]",
                                                  "--kernel",
                                                  ">=4.18,<5",
                                                  "--include",
                                                  "a/*",
                                                  "--exclude",
                                                  "*-rt",
                                                  "--exclude",
                                                  "*-aws",
                                                  "-j4",
                                                  "--strict",
                                                  "--fresh",
                                                  "--cache",
                                                  "c",
                                                  "--max-btf-size",
                                                  "64KiB",
                                                  "--progress",
                                                  "always",
                                                  "-v",
                                                  "--log-format=json"}));
  EXPECT_EQ(settings.run.layout, Layout::kIndexed);
  EXPECT_THAT(settings.run.filter.arch, ElementsAre("arm64", "x86*"));
  EXPECT_THAT(settings.run.filter.distro, ElementsAre("ubuntu"));
  EXPECT_THAT(settings.run.filter.release, ElementsAre("[0-9]"));
  EXPECT_THAT(settings.run.filter.kernel, ElementsAre(">=4.18,<5"));
  EXPECT_THAT(settings.run.filter.include, ElementsAre("a/*"));
  EXPECT_THAT(settings.run.filter.exclude, ElementsAre("*-rt", "*-aws"));
  EXPECT_EQ(settings.run.jobs, 4U);
  EXPECT_TRUE(settings.run.strict);
  EXPECT_TRUE(settings.run.fresh);
  EXPECT_EQ(settings.run.cache, "c");
  EXPECT_EQ(settings.run.max_btf_size, 65536U);
  EXPECT_EQ(settings.progress, ProgressMode::kAlways);
  EXPECT_TRUE(settings.verbose);
  EXPECT_EQ(settings.log_format, LogFormat::kJson);
}

TEST(Options, ObjectsAreManyAndEndWithTheNextOption) {
  const Settings settings = parsed({"--objs", "a.bpf.o", "b.bpf.o", "--archive", "a", "--objs",
                                    "c.bpf.o", "-j", "2", "--out", "x"});
  EXPECT_THAT(settings.run.objects, ElementsAre("a.bpf.o", "b.bpf.o", "c.bpf.o"));
  EXPECT_EQ(settings.run.archive, "a");
  EXPECT_EQ(settings.run.jobs, 2U);
}

TEST(Options, MissingOnesAreNamed) {
  EXPECT_THAT(refused({}), HasSubstr("--archive is missing"));
  EXPECT_THAT(refused({"--archive", "a"}), HasSubstr("--objs is missing"));
  EXPECT_THAT(refused({"--archive", "a", "--objs", "o"}), HasSubstr("--out is missing"));
  EXPECT_THAT(refused({"--archive", "", "--objs", "o", "--out", "x"}),
              HasSubstr("--archive is missing"));
}

TEST(Options, MissingValuesAreNamed) {
  EXPECT_THAT(refused({"--archive"}), HasSubstr("--archive"));
  EXPECT_THAT(refused({"--objs", "--out", "x"}), HasSubstr("--objs: needs a value, and '--out'"));
  EXPECT_THAT(refused({"--archive", "--objs", "o", "--out", "x"}),
              HasSubstr("--archive: needs a value, and '--objs'"));
}

TEST(Options, UnknownOnesAreNamedWithTheNearest) {
  EXPECT_THAT(refused(with_required({"--layuot", "copy"})),
              HasSubstr("unknown option '--layuot'; the nearest known one is '--layout'"));
  EXPECT_THAT(refused(with_required({"--job=3"})),
              HasSubstr("unknown option '--job'; the nearest known one is '--jobs'"));
  EXPECT_THAT(refused({"verify", "--archive", "a"}), HasSubstr("'verify' is neither"));
}

TEST(Options, WrongValuesAreNamed) {
  EXPECT_THAT(refused(with_required({"--layout", "flat"})),
              HasSubstr("--layout: 'flat' is none of symlink, hardlink, copy, indexed"));
  EXPECT_THAT(refused(with_required({"--progress", "maybe"})), HasSubstr("--progress: 'maybe'"));
  EXPECT_THAT(refused(with_required({"--log-format", "xml"})), HasSubstr("--log-format: 'xml'"));
  EXPECT_THAT(refused(with_required({"--jobs", "many"})), HasSubstr("--jobs: 'many'"));
  EXPECT_THAT(refused(with_required({"-j", "1025"})), HasSubstr("--jobs: '1025'"));
  EXPECT_THAT(refused(with_required({"--max-btf-size", "1MB"})),
              HasSubstr("--max-btf-size: '1MB'"));
  EXPECT_THAT(refused(with_required({"--out", "y"})), HasSubstr("--out"));
  EXPECT_THAT(refused(with_required({"--strict=perhaps"})), HasSubstr("strict"));
  EXPECT_THAT(refused(with_required({"-q", "-v"})), HasSubstr("--quiet"));
}

class OptionsWithFile : public ::testing::Test {
 protected:
  Arguments file(std::string_view text, const Arguments& more = {}) {
    Arguments arguments{"--config", dir_.write("job.toml", text).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  std::filesystem::path in_folder(std::string_view name) { return dir_ / name; }

  static constexpr std::string_view kRequired = "archive = \"a\"\nobjs = \"o\"\nout = \"x\"\n";

  test::TempDir dir_;
};

TEST_F(OptionsWithFile, TakesEveryOption) {
  const Settings settings = parsed(file(R"(
archive = "a"
objs = ["o", "/p"]
out = "x"
layout = "hardlink"
arch = ["arm64", "x86_64"]
distro = "ubuntu"
release = ["20.04"]
kernel = ">=4.18"
include = "*"
exclude = "-*"
jobs = 3
max-btf-size = "1GiB"
strict = true
fresh = true
cache = "c"
progress = "never"
quiet = false
verbose = true
log-format = "json"
)"));
  EXPECT_EQ(settings.run.archive, in_folder("a"));
  EXPECT_THAT(settings.run.objects, ElementsAre(in_folder("o"), "/p"));
  EXPECT_EQ(settings.run.out, in_folder("x"));
  EXPECT_EQ(settings.run.layout, Layout::kHardlink);
  EXPECT_THAT(settings.run.filter.arch, ElementsAre("arm64", "x86_64"));
  EXPECT_THAT(settings.run.filter.distro, ElementsAre("ubuntu"));
  EXPECT_THAT(settings.run.filter.release, ElementsAre("20.04"));
  EXPECT_THAT(settings.run.filter.kernel, ElementsAre(">=4.18"));
  EXPECT_THAT(settings.run.filter.include, ElementsAre("*"));
  EXPECT_THAT(settings.run.filter.exclude, ElementsAre("-*"));
  EXPECT_EQ(settings.run.jobs, 3U);
  EXPECT_EQ(settings.run.max_btf_size, 1073741824U);
  EXPECT_TRUE(settings.run.strict);
  EXPECT_TRUE(settings.run.fresh);
  EXPECT_EQ(settings.run.cache, in_folder("c"));
  EXPECT_EQ(settings.progress, ProgressMode::kNever);
  EXPECT_FALSE(settings.quiet);
  EXPECT_TRUE(settings.verbose);
  EXPECT_EQ(settings.log_format, LogFormat::kJson);
}

TEST_F(OptionsWithFile, TheCommandLineWins) {
  const Settings settings = parsed(file(R"(
archive = "a"
objs = ["o", "p"]
out = "x"
layout = "hardlink"
arch = ["arm64", "x86_64"]
jobs = 3
strict = true
quiet = true
)",
                                        {"--objs", "q", "--layout", "copy", "--arch", "s390x", "-j",
                                         "5", "--strict=false", "-v", "--out", "y"}));
  EXPECT_EQ(settings.run.archive, in_folder("a"));
  EXPECT_THAT(settings.run.objects, ElementsAre("q"));
  EXPECT_EQ(settings.run.out, "y");
  EXPECT_EQ(settings.run.layout, Layout::kCopy);
  EXPECT_THAT(settings.run.filter.arch, ElementsAre("s390x"));
  EXPECT_EQ(settings.run.jobs, 5U);
  EXPECT_FALSE(settings.run.strict);
  EXPECT_TRUE(settings.verbose);
  EXPECT_FALSE(settings.quiet);
}

TEST_F(OptionsWithFile, WrongValuesNameTheLine) {
  const std::string required(kRequired);
  EXPECT_THAT(refused(file(required + "layout = \"flat\"\n")),
              HasSubstr("job.toml:4: --layout: 'flat' is none of"));
  EXPECT_THAT(refused(file(required + "\njobs = -1\n")), HasSubstr("job.toml:5: --jobs: '-1'"));
  EXPECT_THAT(refused(file(required + "max-btf-size = 0\n")),
              HasSubstr("job.toml:4: --max-btf-size: '0'"));
  EXPECT_THAT(refused(file(required + "jobs = \"3\"\n")),
              HasSubstr("job.toml:4: 'jobs' takes an integer"));
}

TEST_F(OptionsWithFile, UnknownKeysNameTheNearest) {
  EXPECT_THAT(refused(file("arhive = \"a\"\n")),
              HasSubstr("job.toml:1: unknown key 'arhive'; the nearest known one is 'archive'"));
  // These are options of the command line alone.
  EXPECT_THAT(refused(file("config = \"b.toml\"\n")), HasSubstr("unknown key 'config'"));
  EXPECT_THAT(refused(file("help = true\n")), HasSubstr("unknown key 'help'"));
}

TEST_F(OptionsWithFile, QuietAndVerboseContradictEachOther) {
  EXPECT_THAT(refused(file(std::string(kRequired) + "quiet = true\nverbose = true\n")),
              HasSubstr("--quiet and --verbose contradict each other"));
}

TEST_F(OptionsWithFile, EmptyListsSayNothing) {
  EXPECT_THAT(refused(file("archive = \"a\"\nobjs = []\nout = \"x\"\n")),
              HasSubstr("--objs is missing"));
}

TEST_F(OptionsWithFile, AMissingFileIsNamed) {
  EXPECT_THAT(refused({"--config", (dir_ / "none.toml").string()}),
              HasSubstr("none.toml': No such file or directory"));
}

TEST(CheckInputs, NamesOptionPathAndRemedy) {
  const test::TempDir dir;
  RunOptions options;
  const std::filesystem::path object = dir.write("a.bpf.o", "x");
  options.archive = dir.path();
  options.objects = {object};
  EXPECT_TRUE(check_inputs(options));

  options.objects = {object, dir / "b.bpf.o"};
  EXPECT_THAT(
      check_inputs(options).error().message,
      ::testing::AllOf(HasSubstr("--objs: '"), HasSubstr("b.bpf.o' does not exist; build")));
  options.objects = {dir / "*.bpf.o"};
  EXPECT_THAT(check_inputs(options).error().message,
              HasSubstr("does not exist; the shell found no file for this pattern"));
  options.objects = {dir.path()};
  EXPECT_TRUE(check_inputs(options));
  options.objects = {"/dev/null"};
  EXPECT_THAT(check_inputs(options).error().message, HasSubstr("is neither a file nor a folder"));

  options.objects = {object};
  options.archive = dir / "none";
  EXPECT_THAT(
      check_inputs(options).error().message,
      ::testing::AllOf(HasSubstr("--archive: '"), HasSubstr("none' does not exist; clone")));
  dir.link("loop", "loop");
  options.archive = dir / "loop";
  EXPECT_THAT(check_inputs(options).error().message, HasSubstr("cannot be reached: "));
}

}  // namespace
}  // namespace btfbatch::cli
