#include "cli/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/cli/program.h"

namespace btfbatch::cli {
namespace {

using test::ProgramResult;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Commands : public test::ProgramTest {};

TEST_F(Commands, EachIsListedAndHasItsPage) {
  const std::string list = btfbatch({"--help"}).out;
  for (const CommandEntry& entry : commands()) {
    const std::string name(entry.name);
    EXPECT_THAT(list, HasSubstr("  " + name + " "));
    EXPECT_THAT(list, HasSubstr(std::string(entry.summary)));

    const ProgramResult page = btfbatch({name, "--help"});
    EXPECT_EQ(page.exit_code, 0) << name;
    EXPECT_THAT(page.out, HasSubstr(name == "run" ? "Usage: btfbatch [run] "
                                                  : "Usage: btfbatch " + name + " "));
    EXPECT_THAT(page.out, HasSubstr("Exit codes:\n"));
    if (name != "help") {
      EXPECT_EQ(btfbatch({"help", name}).out, page.out);
    }
  }
}

TEST_F(Commands, RunIsTheOneWithoutAName) {
  const std::string page = btfbatch({"run", "--help"}).out;
  EXPECT_EQ(btfbatch({"--help"}).out, page);
  EXPECT_EQ(btfbatch({"help"}).out, page);
  EXPECT_EQ(btfbatch({}).err, btfbatch({"run"}).err);
}

TEST_F(Commands, UnknownOnesAreNamedWithTheNearest) {
  for (const auto& arguments : std::vector<test::Arguments>{{"verfy"}, {"help", "verfy"}}) {
    const ProgramResult result = btfbatch(arguments);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err,
              "btfbatch: no command 'verfy'; did you mean 'verify'?\nSee 'btfbatch --help'.\n");
  }
  // Nothing is guessed where nothing is near.
  EXPECT_EQ(btfbatch({"probe.bpf.o"}).err,
            "btfbatch: no command 'probe.bpf.o'\nSee 'btfbatch --help'.\n");
  EXPECT_THAT(btfbatch({"a\nb"}).err, StartsWith("btfbatch: no command 'a\\x0ab'"));
  EXPECT_EQ(btfbatch({""}).exit_code, 1);
}

TEST_F(Commands, HelpTakesOneCommand) {
  EXPECT_THAT(btfbatch({"help", "run", "verify"}).err, HasSubstr("'verify' is neither an option"));
  EXPECT_THAT(btfbatch({"help", "--rnu"}).err,
              HasSubstr("unknown option '--rnu'; the nearest known one is"));
}

}  // namespace
}  // namespace btfbatch::cli
