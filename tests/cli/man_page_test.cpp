#include "cli/man_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "cli/commands.h"
#include "tests/cli/program.h"

namespace btfbatch::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Every "-j" and "--jobs" that begins a line of the list of options.
std::set<std::string> options_of_help(const std::string& help) {
  std::set<std::string> names;
  const std::regex line(R"(\n  (-[^ \n]+))");
  for (std::sregex_iterator at(help.begin(), help.end(), line), end; at != end; ++at) {
    std::string list = (*at)[1].str() + ",";
    for (std::size_t comma = list.find(','); comma != std::string::npos; comma = list.find(',')) {
      names.insert(list.substr(0, comma));
      list.erase(0, comma + 1);
    }
  }
  return names;
}

std::string as_roff(std::string text) {
  return "\\fB" + std::regex_replace(text, std::regex("-"), "\\-") + "\\fR";
}

class ManPages : public test::ProgramTest {};

TEST_F(ManPages, HaveEveryOptionOfHelp) {
  for (const CommandEntry& entry : commands()) {
    const std::string name(entry.name);
    const std::set<std::string> options = options_of_help(btfbatch({name, "--help"}).out);
    EXPECT_THAT(options, ::testing::IsSupersetOf({"-h", "--help", "--version"})) << name;
    const test::ProgramResult page = btfbatch({name, "--man-page"});
    EXPECT_EQ(page.exit_code, 0);
    for (const std::string& option : options) {
      EXPECT_THAT(page.out, HasSubstr(as_roff(option))) << name;
    }
  }
}

TEST_F(ManPages, AreNoSecretOfASpecialOrder) {
  EXPECT_EQ(btfbatch({"verify", "--man-page", "--quiet"}).exit_code, 1);
  EXPECT_THAT(btfbatch({"verify", "--help"}).out, Not(HasSubstr("--man-page")));
}

std::string page_of(const HelpTexts& texts, const std::string& option_help) {
  CLI::App app;
  app.add_flag("--flag", option_help)->group("Group");
  return man_page("verify", texts, app);
}

TEST(ManPage, KnowsTheShapesOfHelp) {
  const std::string page =
      page_of({.description = "Text over\ntwo lines.\n\nExample:\n"
                              "  btfbatch a \\\n    b\n  btfbatch c   # again\n",
               .usage = "btfbatch verify [OPTIONS]\n       btfbatch verify FILE",
               .footer = "Exit codes:\n  0    all well\n  2    some\n"
                         "       more\n\nFile:\n  One\n  text.\nBare."},
              "How:\n  copy  a file\n        each\n  .x    b\nx = 1");
  EXPECT_THAT(page, HasSubstr("\n.SH NAME\nbtfbatch\\-verify \\- proves"));
  EXPECT_THAT(page, HasSubstr("\n.SH SYNOPSIS\n.B btfbatch verify [OPTIONS]\n.br\n"
                              ".B btfbatch verify FILE\n.SH DESCRIPTION\n"));
  EXPECT_THAT(page,
              HasSubstr("\nText over\ntwo lines.\n.PP\nExample:\n"
                        ".PP\n.RS 4\n.EX\nbtfbatch a \\e\n  b\nbtfbatch c   # again\n.EE\n.RE\n"));
  EXPECT_THAT(page, HasSubstr("\n.SS Group\n.TP\n\\fB\\-\\-flag\\fR\nHow:\n.RS\n"
                              ".TP\n.B copy\na file\neach\n.TP\n.B \\&.x\nb\n"));
  EXPECT_THAT(page, HasSubstr("\n.SH EXIT STATUS\n.TP\n.B 0\nall well\n.TP\n.B 2\nsome\nmore\n"
                              ".SH FILE\nOne\ntext.\n"));
}

TEST(ManPage, TakesNoTextForARequest) {
  const std::string page = page_of({.description = ".so /etc/passwd\n'sh\n\\fX `~^\n",
                                    .usage = "btfbatch verify",
                                    .footer = "Exit codes:\n  0    all well"},
                                   ".de x");
  EXPECT_THAT(page, HasSubstr("\n\\&.so /etc/passwd\n\\(aqsh\n\\efX \\(ga\\(ti\\(ha\n"));
  EXPECT_THAT(page, HasSubstr("\n\\&.de x\n"));
}

}  // namespace
}  // namespace btfbatch::cli
