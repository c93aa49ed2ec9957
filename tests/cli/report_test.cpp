// `btfbatch report`, the same on a run, and `btfbatch diff` over what runs leave.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Report : public ProgramTest {
 protected:
  // Two kernels on which field_kinds is well, and one that has none of its types.
  Report() {
    add_kernel("debian/11/x86_64/5.10.0-1-amd64", "reference");
    add_kernel("debian/12/x86_64/6.1.0-1-amd64", "reference");
    add_kernel("debian/12/x86_64/6.1.0-2-amd64", "empty");
  }

  [[nodiscard]] Arguments report(const Arguments& more = {},
                                 const std::vector<std::string>& objects = {"field_kinds"}) const {
    Arguments arguments{"report", "--archive", "archive", "--objs"};
    for (const std::string& object : objects) {
      arguments.push_back(object_path(object));
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  [[nodiscard]] nlohmann::json json_file(const std::string& name) const {
    return nlohmann::json::parse(read_file(dir_ / name));
  }
};

TEST_F(Report, SaysWhatBreaksWhereAndWritesNoBtf) {
  const ProgramResult result = btfbatch(report({"--html", "r.html", "--json", "r.json"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("Relocations\n  broken "));
  EXPECT_THAT(result.out, HasSubstr("  on           1 of 3 kernels\n"));
  EXPECT_THAT(result.out, HasSubstr("debian x86_64 6.1.0-2-amd64 (1 kernel): "));
  EXPECT_THAT(result.out, HasSubstr("  html         r.html\n  json         r.json\n"));
  EXPECT_FALSE(fs::exists(out()));
  const nlohmann::json json = json_file("r.json");
  EXPECT_EQ(json.at("kernels").size(), 3U);
  EXPECT_EQ(json.at("totals").at("broken_kernels"), 1);
  EXPECT_FALSE(json.at("broken").empty());
  EXPECT_THAT(read_file(dir_ / "r.html"), HasSubstr("<!doctype html>"));
}

TEST_F(Report, IsTheSameFromARunWithAnyNumberOfThreadsFreshOrNot) {
  EXPECT_EQ(btfbatch(report({"-j1", "--html", "1.html", "--json", "1.json"})).exit_code, 0);
  EXPECT_EQ(btfbatch(report({"-j2", "--html", "2.html", "--json", "2.json"})).exit_code, 0);
  EXPECT_EQ(btfbatch(job({"--html", "3.html", "--json", "3.json"})).exit_code, 0);
  EXPECT_EQ(btfbatch(job({"--html", "4.html", "--json", "4.json"})).exit_code, 0);
  EXPECT_EQ(btfbatch(report({"--cache", "cache", "--json", "5.json"})).exit_code, 0);
  EXPECT_EQ(btfbatch(report({"--cache", "cache", "--json", "6.json"})).exit_code, 0);
  const std::string page = read_file(dir_ / "1.html");
  for (const char* other : {"2.html", "3.html", "4.html"}) {
    EXPECT_TRUE(read_file(dir_ / other) == page) << other;
  }
  const std::string json = read_file(dir_ / "1.json");
  for (const char* other : {"2.json", "3.json", "4.json", "5.json", "6.json"}) {
    EXPECT_TRUE(read_file(dir_ / other) == json) << other;
  }
}

TEST_F(Report, FailsOnWhatItIsToldTo) {
  EXPECT_EQ(btfbatch(report()).exit_code, 0);
  EXPECT_EQ(btfbatch(report({"--fail-on", "ambiguous"})).exit_code, 0);
  const ProgramResult broken = btfbatch(report({"--fail-on", "broken"}));
  EXPECT_EQ(broken.exit_code, 2);
  EXPECT_THAT(broken.err, HasSubstr("broken: " + object_path("field_kinds") + ": "));
  EXPECT_THAT(broken.err, HasSubstr("debian x86_64 6.1.0-2-amd64 (1 kernel): "));
  EXPECT_EQ(btfbatch(job({"--fail-on", "broken"})).exit_code, 2);
  EXPECT_TRUE(fs::exists(out() / "btfbatch.json"));

  add_kernel("debian/12/x86_64/6.1.0-3-amd64", "twins");
  const std::vector<std::string> objects = {"ambiguous_field"};
  EXPECT_EQ(btfbatch(report({"--fail-on", "none"}, objects)).exit_code, 0);
  EXPECT_EQ(btfbatch(report({}, objects)).exit_code, 2);
  EXPECT_EQ(btfbatch(report({"--fail-on", "degraded"}, objects)).exit_code, 2);
  const ProgramResult quiet = btfbatch(report({"-q"}, objects));  // degraded is the default
  EXPECT_EQ(quiet.exit_code, 2);
  EXPECT_THAT(quiet.err, HasSubstr(".btf.tar.xz is degraded: "));
  const ProgramResult ambiguous = btfbatch(report({"--fail-on", "ambiguous"}, objects));
  EXPECT_EQ(ambiguous.exit_code, 2);
  EXPECT_THAT(ambiguous.err, HasSubstr("ambiguous: "));
}

TEST_F(Report, AnObjectForOtherMachinesIsNotJudged) {
  const std::vector<std::string> objects = {"registers_x86_64"};
  const ProgramResult there = btfbatch(report({"--fail-on", "broken"}, objects));
  EXPECT_EQ(there.exit_code, 2) << "the test data's kernels have no registers";
  EXPECT_THAT(there.out, Not(HasSubstr("not judged")));
  const ProgramResult elsewhere =
      btfbatch(report({"--fail-on", "broken", "--json", "r.json"}, {"registers_arm64"}));
  EXPECT_EQ(elsewhere.exit_code, 0) << elsewhere.err;
  EXPECT_THAT(elsewhere.out, HasSubstr("  broken       0\n"));
  EXPECT_THAT(elsewhere.out,
              HasSubstr("  not judged   1 object on 3 kernels, which are for other machines\n"));
  const nlohmann::json json = json_file("r.json");
  EXPECT_EQ(json.at("results"), nlohmann::json({"-"}));
  EXPECT_EQ(json.at("objects").at(0).at("architecture"), "arm64");
}

// A program that embeds an object runs on kernels of its own machine, whatever the object asks.
TEST_F(Report, AnExecutableIsForItsMachine) {
  std::string executable =
      "\x7f"
      "ELF\2\1\1";
  executable.resize(64);
  executable[18] = 62;  // EM_X86_64
  dir_.write("tool", executable + read_file(object_path("field_kinds")));
  add_kernel("debian/12/arm64/6.1.0-3-arm64", "empty");
  const ProgramResult result = btfbatch({"report", "--archive", "archive", "--objs", "tool"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("  not judged   1 object on 1 kernel, which is for other "));
  EXPECT_THAT(result.out, HasSubstr("  on           1 of 4 kernels\n"));
  EXPECT_THAT(btfbatch({"inspect", "tool"}).out, HasSubstr("  architecture x86_64\n"));
}

TEST_F(Report, KernelsThatFailAlwaysCount) {
  dir_.write("archive/debian/12/x86_64/broken.btf", "x");
  EXPECT_EQ(btfbatch(report({"--fail-on", "none"})).exit_code, 2);
}

TEST_F(Report, FilesThatCannotBeMadeAreToldBeforeAnythingIsRead) {
  for (const char* option : {"--html", "--json"}) {
    const ProgramResult missing = btfbatch(report({option, "nowhere/r"}));
    EXPECT_EQ(missing.exit_code, 1);
    EXPECT_THAT(missing.err, HasSubstr(std::string(option) + " nowhere/r: there is no folder"));
    EXPECT_EQ(btfbatch(report({option, "archive/r"})).exit_code, 1);
    EXPECT_EQ(btfbatch(report({option, "archive"})).exit_code, 1);
  }
  EXPECT_EQ(btfbatch(report({"--html", "r", "--json", "./r"})).exit_code, 1);
  EXPECT_THAT(btfbatch(report({"--json", "-"})).err, HasSubstr("--json -: is no file's name"));
  EXPECT_FALSE(fs::exists(dir_ / "-"));
  // What the test reads it through is a pipe.
  const ProgramResult piped = btfbatch(report({"--json", "/dev/stdout"}));
  EXPECT_EQ(piped.exit_code, 1);
  EXPECT_THAT(piped.err, HasSubstr("--json /dev/stdout: is there already, and is no regular file"));
}

TEST_F(Report, ARunThatFailsToWriteItsReportChangesNothing) {
  fs::create_directory(dir_ / ".r.html.btfbatch-staging");
  const ProgramResult result = btfbatch(job({"--html", "r.html"}));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_FALSE(fs::exists(out() / "btfbatch.json"));
}

TEST_F(Report, TakesARunsConfigurationFile) {
  dir_.write("c.toml", "out = \"out\"\nstrict = true\nverify = true\nbundle = \"b.tar.gz\"\n");
  EXPECT_EQ(btfbatch(report({"--config", "c.toml"})).exit_code, 0);
  EXPECT_FALSE(fs::exists(out()));
  EXPECT_FALSE(fs::exists(dir_ / "b.tar.gz"));
}

TEST_F(Report, TheRunsSummarySaysHowMuchBreaks) {
  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("  on           1 of 3 kernels; see 'btfbatch report'\n"));
  const ProgramResult programs = btfbatch(job({}, {"externs"}));
  EXPECT_THAT(programs.out, HasSubstr(" for kernels with BTF of their own only"));
}

TEST_F(Report, DiffSaysWhatANightlyRunChanged) {
  EXPECT_EQ(btfbatch(job()).exit_code, 0);
  fs::copy(out() / "btfbatch.json", dir_ / "old.json");
  EXPECT_THAT(btfbatch({"diff", "old.json", "out/btfbatch.json"}).out,
              HasSubstr("newly broken 0\n"));
  add_kernel("debian/12/x86_64/6.1.0-1-amd64", "empty");
  fs::remove(archive() / "debian/11/x86_64/5.10.0-1-amd64.btf.tar.xz");
  EXPECT_EQ(btfbatch(job()).exit_code, 0);

  const Arguments diff{"diff", "old.json", "out/btfbatch.json"};
  const auto with = [&](const char* option) {
    Arguments arguments = diff;
    arguments.emplace_back(option);
    return btfbatch(arguments);
  };
  const ProgramResult text = btfbatch(diff);
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_THAT(text.out, HasSubstr("  gone         1\n    debian/11/x86_64/5.10.0-1-amd64"));
  EXPECT_THAT(text.out, HasSubstr("  changed      1 kernel: debian/12/x86_64/6.1.0-1-amd64"));
  EXPECT_THAT(text.out, HasSubstr(" -> broken\n"));
  EXPECT_THAT(text.out,
              HasSubstr("field_kinds.bpf.o: field_access: person.home.street (byte_off)"));
  const auto json = nlohmann::json::parse(with("--json").out);
  EXPECT_EQ(json.at("format_version"), 1);
  EXPECT_EQ(json.at("kernels").at("gone").size(), 1U);
  EXPECT_EQ(json.at("changed").at(0).at("kernels").size(), 1U);
  EXPECT_FALSE(json.at("newly_broken").empty());
  const ProgramResult markdown = with("--markdown");
  EXPECT_THAT(markdown.out, HasSubstr("### btfbatch: newly broken relocations\n"));
  EXPECT_THAT(markdown.out, HasSubstr("| object | program | asks for |"));
  EXPECT_THAT(markdown.out, HasSubstr("<details><summary>Changed on 1 kernel (36)</summary>\n\n"
                                      "on `debian/12/x86_64/6.1.0-1-amd64.btf.tar.xz`:\n\n- "));
  EXPECT_EQ(with("--fail-on-broken").exit_code, 2);
}

TEST_F(Report, DiffTellsADamagedFileAsAFailureAlone) {
  EXPECT_EQ(btfbatch(job()).exit_code, 0);
  fs::copy(out() / "btfbatch.json", dir_ / "old.json");
  dir_.write("archive/debian/12/x86_64/6.1.0-2-amd64.btf.tar.xz", "damaged");
  EXPECT_EQ(btfbatch(job()).exit_code, 2);
  const auto nothing_else = AllOf(HasSubstr("  unchanged    2\n"), HasSubstr("  changed      0\n"),
                                  HasSubstr("  newly broken 0\n"), HasSubstr("  mended       0\n"));
  const std::string kernel = "1\n    debian/12/x86_64/6.1.0-2-amd64.btf.tar.xz\n";
  EXPECT_THAT(btfbatch({"diff", "old.json", "out/btfbatch.json"}).out,
              AllOf(HasSubstr("  newly failed " + kernel), nothing_else));
  const Arguments back{"diff", "out/btfbatch.json", "old.json", "--fail-on-broken"};
  const ProgramResult recovered = btfbatch(back);
  EXPECT_EQ(recovered.exit_code, 2) << "something is broken there";
  EXPECT_THAT(recovered.out,
              AllOf(HasSubstr("  recovered    " + kernel), HasSubstr("  changed      0\n"),
                    HasSubstr("  mended       0\n")));
  EXPECT_THAT(btfbatch({"diff", "out/btfbatch.json", "old.json", "--markdown"}).out,
              HasSubstr("0 newly failed, 1 no longer failed; "));
}

TEST_F(Report, DiffNamesWhatItCannotRead) {
  dir_.write("bad.json", "{}");
  for (const char* file : {"bad.json", "missing.json"}) {
    const ProgramResult result = btfbatch({"diff", file, file});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, HasSubstr(file));
  }
  EXPECT_EQ(btfbatch(report({"--json", "r.json"})).exit_code, 0);
  EXPECT_THAT(btfbatch({"diff", "r.json", "r.json"}).err,
              HasSubstr("error: r.json: cannot be read as the btfbatch.json of an output: it is a "
                        "report; give the btfbatch.json of an --out\n"));
  EXPECT_EQ(btfbatch({"diff", "bad.json"}).exit_code, 1);
  EXPECT_EQ(btfbatch({"diff", "bad.json", "bad.json", "--json", "--markdown"}).exit_code, 1);
}

}  // namespace
}  // namespace btfbatch::test
