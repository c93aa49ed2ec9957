// SIGINT and SIGTERM in the middle of a run.
//
// How the middle is met without sleeping: with -v every kernel is a line on standard error, which
// is a pipe of one page here. The test reads until the first kernel is done and no further, so the
// program, having far more lines to write than the page takes, cannot come to its end before the
// test reads on; and that is after the signal.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kOnePage = 4096;
constexpr int kKernels = 2000;  // a line each, of more than 40 bytes

class Signals : public ProgramTest {
 protected:
  void SetUp() override {
    add_good_kernels();
    ASSERT_EQ(btfbatch(job()).exit_code, 0);
    before_ = tree_of(out());
    const std::string btf = test::read_file(kernel_path("reference"));
    for (int i = 0; i < kKernels; ++i) {
      dir_.write("archive/many/1/x86_64/6." + std::to_string(i) + "-a-long-name-for-a-kernel.btf",
                 btf);
    }
  }

  ProgramResult interrupted_by(int signal, const Arguments& more, bool verifies = false) {
    Arguments arguments = job(more);
    if (verifies) {
      arguments.insert(arguments.begin(), "verify");
    }
    arguments.insert(arguments.end(), {"-v", "--progress", "never"});
    RunningProgram program(command(arguments), dir_.path(), kOnePage);
    program.wait_for_error("debian/12/arm64/6.1.0-1-arm64");
    program.send(signal);
    return program.finish();
  }

  void expect_output_untouched() {
    EXPECT_EQ(tree_of(out()), before_);
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_.path())) {
      names.push_back(entry.path().filename().string());
    }
    EXPECT_THAT(names, ::testing::UnorderedElementsAre("archive", "out"));
  }

  Tree before_;
};

TEST_F(Signals, InterruptLeavesTheEarlierOutput) {
  for (const char* jobs : {"-j1", "-j8"}) {
    const ProgramResult result = interrupted_by(SIGINT, {jobs});
    EXPECT_EQ(result.exit_code, 130) << result.err.substr(0, 2000);
    EXPECT_EQ(result.signal, 0);
    EXPECT_THAT(result.err, HasSubstr("btfbatch: error: stopped by SIGINT after "));
    EXPECT_THAT(result.err, HasSubstr(" kernels; 'out' is left as it was\n"));
    EXPECT_EQ(result.out, "");
    expect_output_untouched();
  }
}

TEST_F(Signals, TerminateDoesTheSame) {
  const ProgramResult result = interrupted_by(SIGTERM, {});
  EXPECT_EQ(result.exit_code, 143);
  EXPECT_THAT(result.err, HasSubstr("stopped by SIGTERM after "));
  expect_output_untouched();
}

TEST_F(Signals, AVerificationThatIsStoppedProvesNothing) {
  const ProgramResult result = interrupted_by(SIGTERM, {}, true);
  EXPECT_EQ(result.exit_code, 143);
  EXPECT_THAT(result.err,
              ::testing::ContainsRegex("stopped by SIGTERM after [0-9]+ of [0-9]+ kernels\n"));
  EXPECT_EQ(result.out, "");
  expect_output_untouched();
}

TEST_F(Signals, TheNextRunIsWhole) {
  ASSERT_EQ(interrupted_by(SIGINT, {}).exit_code, 130);
  ASSERT_EQ(btfbatch(job({"-q"})).exit_code, 0);
  EXPECT_EQ(manifest().at("kernels").size(), kKernels + before_.size() - 1);
}

}  // namespace
}  // namespace btfbatch::test
