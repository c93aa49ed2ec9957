// `btfbatch find` from the outside. What is found for which host:
// tests/pipeline/find_place_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <fstream>

#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Find : public ProgramTest {
 protected:
  // Two releases of one kernel release with different BTF, and a series whose ends are the same.
  void SetUp() override {
    add_kernel("ubuntu/18.04/x86_64/5.4.0-58-generic", "moved_fields");
    add_kernel("ubuntu/20.04/x86_64/5.4.0-58-generic", "reference");
    add_kernel("debian/12/x86_64/6.1.0-1-amd64", "reference");
    add_kernel("debian/12/x86_64/6.1.0-3-amd64", "reference");
    add_kernel("debian/12/x86_64/6.1.0-5-amd64", "moved_fields");
    dir_.write("focal", "ID=ubuntu\nVERSION_ID=\"20.04\"\n");
    dir_.write("bookworm", "ID=debian\nVERSION_ID=\"12\"\n");
    dir_.write("jammy", "ID=ubuntu\nVERSION_ID=\"22.04\"\n");
    ASSERT_EQ(btfbatch(job({"--bundle", (dir_ / "b.btfs").string(), (dir_ / "b.tar.zst").string()}))
                  .exit_code,
              0);
  }

  // For the host with os-release of this name.
  ProgramResult find(const std::string& os_release, const std::string& kernel,
                     const Arguments& more = {}, const std::string& from = "out") {
    Arguments arguments = {"find",     "--from",       (dir_ / from).string(),
                           "--kernel", kernel,         "--arch",
                           "x86_64",   "--os-release", (dir_ / os_release).string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return btfbatch(arguments);
  }

  static constexpr const char* kFocal = "ubuntu/20.04/x86_64/5.4.0-58-generic.btf";
};

TEST_F(Find, TellsThePathAndNothingElse) {
  const ProgramResult result = find("focal", "5.4.0-58-generic");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, (out() / kFocal).string() + "\n");
  EXPECT_THAT(result.err, IsEmpty());
}

TEST_F(Find, TellsTheNameOfTheEntryInABundle) {
  for (const char* bundle : {"b.btfs", "b.tar.zst"}) {
    EXPECT_EQ(find("focal", "5.4.0-58-generic", {}, bundle).out, std::string(kFocal) + "\n");
  }
}

TEST_F(Find, TellsTheBlobOfTheLayoutIndexed) {
  fs::remove_all(out());
  ASSERT_EQ(btfbatch(job({"--layout", "indexed"})).exit_code, 0);
  const ProgramResult result = find("focal", "5.4.0-58-generic");
  EXPECT_THAT(result.out, StartsWith((out() / "blobs").string()));
  EXPECT_EQ(test::read_file(result.out.substr(0, result.out.size() - 1)),
            minimized("reference", {"field_kinds"}));
}

TEST_F(Find, WritesTheBtf) {
  const std::string expected = minimized("reference", {"field_kinds"});
  for (const char* from : {"out", "b.btfs", "b.tar.zst"}) {
    const fs::path file = dir_.write("host.btf", "what was there");
    const ProgramResult result = find("focal", "5.4.0-58-generic", {"-o", file.string()}, from);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_EQ(test::read_file(file), expected);
    EXPECT_EQ(find("focal", "5.4.0-58-generic", {"-o", "-"}, from).out, expected);
  }
}

TEST_F(Find, WritesWhereItStands) {
  const ProgramResult result =
      run_program(command({"find", "--from", "b.btfs", "--os-release", "focal", "--kernel",
                           "5.4.0-58-generic", "--arch", "x86_64", "-o", "host.btf"}),
                  dir_.path());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(test::read_file(dir_ / "host.btf"), minimized("reference", {"field_kinds"}));
}

TEST_F(Find, LeavesTheFileAloneWhereNothingIsFound) {
  const fs::path file = dir_.write("host.btf", "what was there");
  EXPECT_EQ(find("focal", "5.4.0-59-generic", {"-o", file.string()}).exit_code, 2);
  EXPECT_EQ(test::read_file(file), "what was there");
}

TEST_F(Find, NamesTheChoicesWhereNothingSaysWhichIsRight) {
  const ProgramResult result = find("jammy", "5.4.0-58-generic");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, AllOf(HasSubstr("ubuntu/18.04/x86_64/5.4.0-58-generic, "
                                          "ubuntu/20.04/x86_64/5.4.0-58-generic"),
                                HasSubstr("--root")));
}

TEST_F(Find, ExplainsWhatItTried) {
  const ProgramResult result = find("bookworm", "5.4.0-58-generic", {"--explain"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err,
              StartsWith("Host\n"
                         "  os-release  ID=debian VERSION_ID=12\n"
                         "  kernel      5.4.0-58-generic\n"
                         "  machine     x86_64\n"
                         "Tried\n"
                         "  the kernel release names another distro than os-release, which is a "
                         "container's then: first what the kernel release says\n"
                         "    ubuntu/*/*/5.4.0-58-generic  there\n"
                         "  refused: "));
  const ProgramResult hit = find("focal", "5.4.0-58-generic", {"--explain"});
  EXPECT_EQ(hit.out, (out() / kFocal).string() + "\n");
  EXPECT_THAT(hit.err, HasSubstr("ubuntu/20.04/x86_64/5.4.0-58-generic  there\n"
                                 "Found, as os-release says\n"));
}

TEST_F(Find, AnswersInJson) {
  const ProgramResult result = find("focal", "5.4.0-58-generic", {"--json", "--explain"});
  const auto json = nlohmann::json::parse(result.out);
  EXPECT_EQ(json.at("result"), "found");
  EXPECT_EQ(json.at("path"), (out() / kFocal).string());
  EXPECT_EQ(json.at("how"), "os-release");
  EXPECT_EQ(json.at("host").at("os_release").at("VERSION_ID"), "20.04");
  EXPECT_EQ(json.at("trials").back().at("hit"), true);
  EXPECT_THAT(result.err, IsEmpty());
  const ProgramResult refused = find("jammy", "5.4.0-58-generic", {"--json"}, "b.btfs");
  EXPECT_EQ(refused.exit_code, 2);
  const auto choices = nlohmann::json::parse(refused.out);
  EXPECT_EQ(choices.at("result"), "ambiguous");
  EXPECT_EQ(choices.at("choices").size(), 2U);
  EXPECT_EQ(nlohmann::json::parse(find("focal", "5.4.1-1-generic", {"--json"}).out).at("result"),
            "not-found");
}

TEST_F(Find, TakesTheNearestOnlyWhenAskedAndSaysSo) {
  EXPECT_EQ(find("bookworm", "6.1.0-2-amd64").exit_code, 2);
  const ProgramResult result = find("bookworm", "6.1.0-2-amd64", {"--nearest"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, (out() / "debian/12/x86_64/6.1.0-1-amd64.btf").string() + "\n");
  EXPECT_THAT(result.err, AllOf(StartsWith("btfbatch: warning: 6.1.0-2-amd64 is not there"),
                                HasSubstr("6.1.0-1-amd64 and 6.1.0-3-amd64")));
  // Its neighbors differ.
  EXPECT_EQ(find("bookworm", "6.1.0-4-amd64", {"--nearest"}).exit_code, 2);
}

TEST_F(Find, ReadsTheHostsFilesUnderTheRoot) {
  dir_.write("host/nix/release", "ID=ubuntu\nVERSION_ID='18.04'\n");
  dir_.link("host/etc/os-release", "/nix/release");
  const ProgramResult result =
      btfbatch({"find", "--from", out().string(), "--root", (dir_ / "host").string(), "--arch",
                "amd64", "--kernel", "5.4.0-58-generic"});
  EXPECT_EQ(result.out, (out() / "ubuntu/18.04/x86_64/5.4.0-58-generic.btf").string() + "\n");
}

TEST_F(Find, TakesThisHostByDefault) {
  utsname names;
  ASSERT_EQ(uname(&names), 0);
  const auto json =
      nlohmann::json::parse(btfbatch({"find", "--from", out().string(), "--json"}).out);
  EXPECT_EQ(json.at("host").at("kernel"), names.release);
  EXPECT_EQ(json.at("host").at("machine"), names.machine);
}

TEST_F(Find, SaysWhatIsWrong) {
  const std::string from = out().string();
  const auto expect = [&](const Arguments& more, int code, const std::string& message) {
    Arguments arguments = {"find"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramResult result = btfbatch(arguments);
    EXPECT_EQ(result.exit_code, code);
    EXPECT_THAT(result.out, IsEmpty());
    EXPECT_THAT(result.err, HasSubstr(message));
  };
  const std::string nowhere = (dir_ / "none").string();
  expect({}, 1, "--from is missing");
  expect({"--from", nowhere}, 1, "--from " + nowhere + ": does not exist");
  expect({"--from", from, "--root", nowhere}, 1, "--root " + nowhere);
  expect({"--from", from, "--os-release", nowhere}, 1, "--os-release " + nowhere);
  expect({"--from", from, "--os-release", "/dev/null", "--root", "/"}, 1, "--root");
  expect({"--from", from, "--json", "-o", "-"}, 1, "standard output");
  expect({"--from", from, "--kernel", "../x"}, 1, "--kernel");
  expect({"--from", from, "--kernel", std::string(300, 'k')}, 1, "longer than any such name");
  expect({"--from", from, "--kernel", "a", "--kernel", "b"}, 1, "given once");
  expect({"--from", from, "--near"}, 1, "the nearest known one is '--nearest'");
  expect({"--from", from, "--os-release", (dir_ / "focal").string(), "--arch", "x86_64", "--kernel",
          "5.4.0-58-generic", "-o", (dir_ / "none/x.btf").string()},
         3, "none/x.btf");
}

TEST_F(Find, NamesTheEntriesThatAreForOneKernel) {
  dir_.write("two.tar", make_tar({{.name = "a/ubuntu/20.04/x86_64/5.4.0-58-generic.btf",
                                   .content = test::read_file(kernel_path("reference"))},
                                  {.name = "b/ubuntu/20.04/x86_64/5.4.0-58-generic.btf",
                                   .content = test::read_file(kernel_path("moved_fields"))}}));
  const ProgramResult result = find("focal", "5.4.0-58-generic", {}, "two.tar");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err,
              HasSubstr("two.tar are for 5.4.0-58-generic (x86_64), with different BTF: "
                        "b/ubuntu/20.04/x86_64/5.4.0-58-generic.btf, "
                        "ubuntu/20.04/x86_64/5.4.0-58-generic.btf\n"));
}

}  // namespace
}  // namespace btfbatch::test
