// What the program says: help, version, log lines, the closing summary.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Messages : public ProgramTest {};

TEST_F(Messages, HelpTeaches) {
  const ProgramResult result = btfbatch({"--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out,
              HasSubstr("btfbatch --archive btfhub-archive --objs *.bpf.o --out btfs/"));
  for (const char* option :
       {"--archive",  "--objs",         "--out",        "--layout",  "--arch ",
        "--distro",   "--release",      "--kernel",     "--include", "--exclude",
        "-j,--jobs",  "--max-btf-size", "--strict",     "--config",  "--progress",
        "-q,--quiet", "-v,--verbose",   "--log-format", "--version", "-h,--help"}) {
    EXPECT_THAT(result.out, HasSubstr(std::string("\n  ") + option)) << option;
  }
  EXPECT_THAT(result.out,
              AllOf(HasSubstr("256MiB"), HasSubstr("Exit codes:"), HasSubstr("btfbatch.json")));
  EXPECT_EQ(btfbatch({"run", "--help"}).out, result.out);
  EXPECT_EQ(btfbatch({"-h"}).out, result.out);
}

TEST_F(Messages, HelpFitsATerminal) {
  std::istringstream help(btfbatch({"--help"}).out);
  for (std::string line; std::getline(help, line);) {
    EXPECT_LE(line.size(), 100U) << line;
  }
}

TEST_F(Messages, VersionIsOneLine) {
  const ProgramResult result = btfbatch({"--version"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, ::testing::MatchesRegex("btfbatch [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(Messages, TheSummaryCountsWhatWasDone) {
  add_good_kernels();
  const ProgramResult result = btfbatch(job());
  ASSERT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("Kernels\n"
                                    "  read         5\n"
                                    "  written      5\n"
                                    "  unique       3\n"
                                    "  duplicate    2\n"
                                    "  degraded     0\n"
                                    "  failed       0\n"));
  EXPECT_THAT(result.out, HasSubstr("Objects\n  read         1\n"));
  EXPECT_THAT(result.out, HasSubstr(" times smaller\n"));
  EXPECT_THAT(result.out, HasSubstr("  manifest     out/btfbatch.json\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("\x1b")));
}

TEST_F(Messages, TheSummaryNamesObjectsThatNeedNothingAndThoseThatLibbpfRefuses) {
  add_good_kernels();
  const ProgramResult result = btfbatch(job({}, {"field_kinds", "maps_only", "legacy_maps"}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("  maps only    1\n"));
  EXPECT_THAT(result.out, HasSubstr("maps_only.bpf.o: has no .BTF.ext"));
  EXPECT_THAT(result.out, HasSubstr("  warnings     1\n"));
  EXPECT_THAT(result.out, HasSubstr("legacy_maps.bpf.o: "));
}

TEST_F(Messages, LongListsAreCutAndPointToTheManifest) {
  add_good_kernels();
  for (int i = 10; i < 35; ++i) {
    dir_.write("archive/bad/1/x86_64/" + std::to_string(i) + ".btf.tar.xz", "not xz");
  }
  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.out, HasSubstr("  failed       25\n"));
  EXPECT_THAT(result.out, HasSubstr("    bad/1/x86_64/29.btf.tar.xz: "));
  EXPECT_THAT(result.out, Not(HasSubstr("    bad/1/x86_64/30.btf.tar.xz: ")));
  EXPECT_THAT(result.out, HasSubstr("    … and 5 more, see out/btfbatch.json\n"));
}

TEST_F(Messages, QuietSaysNothingWhereAllIsWell) {
  add_good_kernels();
  const ProgramResult result = btfbatch(job({"-q", "--progress", "always"}));
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "");
}

TEST_F(Messages, QuietStillNamesFailures) {
  add_good_kernels();
  dir_.write("archive/bad/1/x86_64/1.0.btf.tar.xz", "not xz");
  const ProgramResult result = btfbatch(job({"-q"}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, ::testing::StartsWith("btfbatch: error: bad/1/x86_64/1.0.btf.tar.xz: "));
  EXPECT_EQ(std::ranges::count(result.err, '\n'), 1);
}

TEST_F(Messages, VerboseHasALineForEachKernelInPathOrder) {
  add_good_kernels();
  const ProgramResult result = btfbatch(job({"-v", "--progress", "never"}));
  ASSERT_EQ(result.exit_code, 0);
  std::vector<std::string> paths;
  std::istringstream lines(result.err);
  for (std::string line; std::getline(lines, line);) {
    paths.push_back(line.substr(0, line.find(": ")));
  }
  EXPECT_THAT(paths, ::testing::ElementsAre("debian/12/arm64/6.1.0-1-arm64.btf.tar.xz",
                                            "debian/12/x86_64/6.1.0-1-amd64.btf.tar.xz",
                                            "debian/12/x86_64/6.1.0-2-amd64.btf.tar.xz",
                                            "ubuntu/20.04/x86_64/5.4.0-1-generic.btf.tar.xz",
                                            "ubuntu/20.04/x86_64/5.4.0-2-generic.btf.tar.xz"));
}

TEST_F(Messages, ProgressAlwaysIsALiveLineAndNeverIsNone) {
  add_good_kernels();
  EXPECT_THAT(btfbatch(job({"--progress", "always"})).err, HasSubstr("\r\x1b[K"));
  EXPECT_EQ(btfbatch(job({"--progress", "never"})).err, "");
  // Standard error is no terminal here.
  EXPECT_THAT(btfbatch(job({"--progress", "auto"})).err,
              AllOf(HasSubstr("progress: 5/5 kernels"), Not(HasSubstr("\r"))));
}

TEST_F(Messages, JsonIsAnObjectForEachLine) {
  add_good_kernels();
  dir_.write("archive/bad/1/x86_64/1.0.btf.tar.xz", "not xz");
  const ProgramResult result = btfbatch(job({"--log-format", "json", "-v"}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  std::size_t kernels = 0;
  nlohmann::json summary;
  for (const nlohmann::json& line : json_lines(result.err)) {
    EXPECT_TRUE(line.at("time").is_string());
    EXPECT_TRUE(line.at("message").is_string());
    EXPECT_THAT(line.at("level").get<std::string>(),
                ::testing::AnyOf("debug", "info", "warning", "error"));
    if (line.contains("kernel")) {
      ++kernels;
      const bool bad = line.at("kernel") == "bad/1/x86_64/1.0.btf.tar.xz";
      EXPECT_EQ(line.at("outcome"), bad ? "failed" : "minimized");
      EXPECT_EQ(line.at("level"), bad ? "error" : "debug");
    }
    if (line.contains("summary")) {
      summary = line.at("summary");
    }
  }
  EXPECT_EQ(kernels, 6U);
  ASSERT_TRUE(summary.is_object());
  EXPECT_EQ(summary.at("kernels"),
            nlohmann::json::parse(R"({"read": 6, "written": 5, "unique": 3, "duplicate": 2,
                                      "reused": 0, "degraded": 0, "failed": 1, "left_out": 0})"));
  EXPECT_EQ(summary.at("objects").at("read"), 1);
  EXPECT_GT(summary.at("bytes").at("btf"), summary.at("bytes").at("written"));
}

TEST_F(Messages, JsonErrorsParseToo) {
  const ProgramResult result = btfbatch(job({"--log-format", "json"}));
  EXPECT_EQ(result.exit_code, 1);
  const auto lines = json_lines(result.err);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0].at("message").get<std::string>(), HasSubstr("'archive' does not exist"));
}

TEST_F(Messages, AConfigurationFileAloneRunsTheJob) {
  add_good_kernels();
  const std::string object = object_path("field_kinds");
  dir_.write("conf/job.toml",
             "archive = \"../archive\"\nout = \"../out\"\nlayout = \"copy\"\n"
             "arch = \"arm64\"\nobjs = [\"" +
                 object + "\"]\n");
  // Started elsewhere: the paths are those of the file.
  const ProgramResult result =
      run_program(command({"--config", (dir_ / "conf/job.toml").string()}), "/");
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(test::read_file(out() / "debian/12/arm64/6.1.0-1-arm64.btf"),
            minimized("moved_fields", {"field_kinds"}));
}

}  // namespace
}  // namespace btfbatch::test
