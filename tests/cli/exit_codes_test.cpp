// What the program answers to its caller, case by case.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands.h"
#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

using cli::CommandEntry;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ExitCodes : public ProgramTest {};

TEST_F(ExitCodes, ZeroWhereAllIsWell) {
  add_good_kernels();
  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("Kernels\n  read         5\n  written      5\n"));
}

TEST_F(ExitCodes, TheCommandRunIsTheSame) {
  add_good_kernels();
  ASSERT_EQ(btfbatch(job()).exit_code, 0);
  const Tree first = tree_of(out());
  Arguments arguments = job();
  arguments.insert(arguments.begin(), "run");
  EXPECT_EQ(btfbatch(arguments).exit_code, 0);
  EXPECT_EQ(tree_of(out()), first);
}

TEST_F(ExitCodes, OneForWrongOptions) {
  add_good_kernels();
  for (const Arguments& arguments :
       {Arguments{}, Arguments{"--archive", "archive"}, job({"--layuot", "copy"}),
        job({"--layout", "flat"}), job({"--jobs", "many"}), job({"--config", "none.toml"})}) {
    const ProgramResult result = btfbatch(arguments);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, AllOf(HasSubstr("btfbatch: error: "), HasSubstr("btfbatch --help")));
    EXPECT_EQ(result.out, "");
  }
  EXPECT_FALSE(std::filesystem::exists(out()));
}

TEST_F(ExitCodes, OneForAConditionThatSaysNothing) {
  add_good_kernels();
  const ProgramResult result = btfbatch(job({"--kernel", ">="}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("'>='"));
}

TEST_F(ExitCodes, OneForAMissingArchive) {
  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("--archive: 'archive' does not exist; clone"));
}

TEST_F(ExitCodes, OneForAnArchiveWithoutKernels) {
  dir_.write("archive/README.md", "nothing here");
  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("no kernel"));
  EXPECT_FALSE(std::filesystem::exists(out()));
}

TEST_F(ExitCodes, OneForAMissingObject) {
  add_good_kernels();
  const ProgramResult result = btfbatch(job({"--objs", "none.bpf.o"}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("--objs: 'none.bpf.o' does not exist"));
}

TEST_F(ExitCodes, OneForAPatternThatTheShellLeft) {
  add_good_kernels();
  const ProgramResult result = btfbatch(job({"--objs", "*.bpf.o"}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("--objs: '*.bpf.o' does not exist"));
}

TEST_F(ExitCodes, OneForAFileThatHoldsNoObject) {
  add_good_kernels();
  dir_.write("notes.txt", "no object at all");
  const ProgramResult result = btfbatch(job({"--objs", "notes.txt"}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("notes.txt"));
}

TEST_F(ExitCodes, OneForAnObjectWithoutBtf) {
  add_good_kernels();
  const ProgramResult result = btfbatch(job({}, {"field_kinds", "without_btf.nodebug"}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, AllOf(HasSubstr("without_btf.nodebug.bpf.o"), HasSubstr(".BTF")));
}

TEST_F(ExitCodes, OneForAnOutputInsideTheArchive) {
  add_good_kernels();
  const Tree before = tree_of(archive());
  const ProgramResult result = btfbatch(
      {"--archive", "archive", "--objs", object_path("field_kinds"), "--out", "archive/out"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("archive/out"));
  EXPECT_EQ(tree_of(archive()), before);
}

TEST_F(ExitCodes, OneWhereNoKernelPassesTheFilters) {
  add_good_kernels();
  ASSERT_EQ(btfbatch(job()).exit_code, 0);
  const Tree before = tree_of(out());
  const ProgramResult result = btfbatch(job({"--kernel", ">=99"}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("5 kernels"));
  EXPECT_EQ(tree_of(out()), before);
}

TEST_F(ExitCodes, TwoWhereAKernelIsDegraded) {
  add_kernel("debian/12/x86_64/6.1.0-1-amd64", "reference");
  add_kernel("debian/12/x86_64/6.1.0-2-amd64", "twins");
  const ProgramResult result = btfbatch(job({}, {"ambiguous_field"}));
  EXPECT_EQ(result.exit_code, 2) << result.err;
  EXPECT_THAT(result.out, HasSubstr("  written      2\n"));
  EXPECT_THAT(result.out, HasSubstr("  degraded     1\n"
                                    "    debian/12/x86_64/6.1.0-2-amd64.btf.tar.xz: "));
  EXPECT_EQ(test::read_file(out() / "debian/12/x86_64/6.1.0-2-amd64.btf"),
            minimized("twins", {"ambiguous_field"}));
}

TEST_F(ExitCodes, TwoWhereAKernelFails) {
  add_good_kernels();
  dir_.write("archive/debian/12/x86_64/6.1.0-3-amd64.btf.tar.xz", "not xz at all");
  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.out, HasSubstr("  written      5\n"));
  EXPECT_THAT(result.out, HasSubstr("  failed       1\n"
                                    "    debian/12/x86_64/6.1.0-3-amd64.btf.tar.xz: "));
  EXPECT_THAT(result.err, HasSubstr("error: debian/12/x86_64/6.1.0-3-amd64.btf.tar.xz: "));
}

TEST_F(ExitCodes, TwoWhereStrictStops) {
  add_good_kernels();
  ASSERT_EQ(btfbatch(job()).exit_code, 0);
  const Tree before = tree_of(out());
  dir_.write("archive/debian/12/x86_64/6.1.0-0-amd64.btf.tar.xz", "not xz at all");
  std::filesystem::remove_all(archive() / "ubuntu");
  const ProgramResult result = btfbatch(job({"--strict"}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err,
              HasSubstr("stopped by --strict: debian/12/x86_64/6.1.0-0-amd64.btf.tar.xz failed: "));
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_EQ(tree_of(out()), before);
}

TEST_F(ExitCodes, TwoWhereStrictStopsAtADegradedKernel) {
  add_kernel("debian/12/x86_64/6.1.0-2-amd64", "twins");
  const ProgramResult result = btfbatch(job({"--strict"}, {"ambiguous_field"}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("6.1.0-2-amd64.btf.tar.xz is degraded: "));
  EXPECT_FALSE(std::filesystem::exists(out() / "btfbatch.json"));
}

TEST_F(ExitCodes, StrictDoesNotMindGoodKernels) {
  add_good_kernels();
  EXPECT_EQ(btfbatch(job({"--strict"})).exit_code, 0);
}

TEST_F(ExitCodes, ThreeWhereTheOutputCannotBeWritten) {
  add_good_kernels();
  dir_.write("file", "in the way");
  const ProgramResult result =
      btfbatch({"--archive", "archive", "--objs", object_path("field_kinds"), "--out", "file/out"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("file/out"));
  EXPECT_EQ(test::read_file(dir_ / "file"), "in the way");
}

TEST_F(ExitCodes, ThreeWhereEveryKernelFails) {
  dir_.write("archive/debian/12/x86_64/6.1.0-1-amd64.btf.tar.xz", "not xz at all");
  dir_.write("archive/debian/12/x86_64/6.1.0-2-amd64.btf.tar.xz", "nor this");
  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.err, HasSubstr("nothing was written: 2 kernels failed"));
}

// The full disk that standard output was sent to.
ProgramResult with_full_output(const Arguments& command, const std::filesystem::path& folder) {
  Arguments shell{"/bin/sh", "-c", R"(exec "$@" > /dev/full)", "sh"};
  shell.insert(shell.end(), command.begin(), command.end());
  return run_program(shell, folder);
}

TEST_F(ExitCodes, ThreeWhereStandardOutputCannotBeWritten) {
  constexpr const char* kMessage =
      "btfbatch: error: standard output cannot be written: No space left on device\n";
  add_good_kernels();
  const Arguments verify{"verify", "--archive", "archive",    "--objs", object_path("field_kinds"),
                         "--out",  "out",       "--progress", "never"};
  std::vector<Arguments> all = {
      job({"--progress", "never"}),
      verify,
      {"inspect", object_path("field_kinds")},
      {"diff", "out/btfbatch.json", "out/btfbatch.json"},
      {"find", "--from", "out", "--kernel", "6.1.0-1-amd64", "--arch", "x86_64", "-o", "-"}};
  for (const CommandEntry& entry : cli::commands()) {
    all.push_back({std::string(entry.name), "--help"});
  }
  for (const Arguments& arguments : all) {
    const ProgramResult result = with_full_output(command(arguments), dir_.path());
    EXPECT_EQ(result.exit_code, 3) << arguments.front();
    EXPECT_EQ(result.err, kMessage) << arguments.front();
    EXPECT_EQ(btfbatch(arguments).exit_code, 0) << arguments.front();
  }
  // What the job has come to counts more, and the files are there.
  EXPECT_TRUE(std::filesystem::exists(out() / "btfbatch.json"));
  dir_.write("archive/debian/12/x86_64/6.1.0-3-amd64.btf.tar.xz", "not xz at all");
  EXPECT_EQ(with_full_output(command(job()), dir_.path()).exit_code, 2);
}

}  // namespace
}  // namespace btfbatch::test
