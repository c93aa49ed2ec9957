#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "cli/command_line.h"

namespace btfbatch::cli {
namespace {

TEST(CompletionLines, TellKindAndChoices) {
  CommandLine line("verify", {});
  std::filesystem::path file;
  std::filesystem::path folder;
  std::vector<std::filesystem::path> files;
  std::vector<std::string> texts;
  std::vector<std::string> command;
  bool flag = false;
  unsigned jobs = 0;
  int way = 0;
  OptionTable& options = line.options();
  options.path("--file", "PATH", "A file,\nor another.", file);
  options.path("--folder", "DIR", "A folder.", folder);
  options.paths("OBJ...", "", "Objects.", files);
  options.texts("--texts", "GLOB", "Texts | more.", texts);
  options.flag("-f,--flag", "A flag.", flag);
  options.jobs("-j,--jobs", "A number.", jobs);
  options.choice<int>("--way", "WAY", "One of two.", {{"left", 1}, {"right", 2}}, way);
  options.only_in_config(true);
  options.choice<int>("--hidden", "WAY", "Of another command.", {{"up", 1}}, way);

  const std::vector<std::string> helper{"--completion-helper"};
  const auto answer = line.parse(helper);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, kAllWell);
  EXPECT_EQ(answer.error().text,
            "--file|file||A file,\n"
            "--folder|folder||A folder.\n"
            "OBJ...|files||Objects.\n"
            "--texts|text||Texts | more.\n"
            "-f --flag|flag||A flag.\n"
            "-j --jobs|text||A number.\n"
            "--way|choice|left right|One of two.\n"
            "-h --help|flag||This page.\n"
            "--version|flag||The version of btfbatch.\n");
}

TEST(CommandLine, TakesArgumentsThatBelongToNoOption) {
  CommandLine line("verify", {});
  std::filesystem::path first;
  std::vector<std::filesystem::path> others;
  std::filesystem::path out;
  line.options().path("FIRST", "", "The first.", first);
  line.options().paths("OTHER...", "", "The others.", others);
  line.options().path("-o,--out", "FILE", "Where to.", out);
  const std::vector<std::string> arguments{"a", "b", "-o", "c", "d"};
  const auto read = line.parse(arguments);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(first, "a");
  EXPECT_THAT(others, ::testing::ElementsAre("b", "d"));
  EXPECT_EQ(out, "c");
}

}  // namespace
}  // namespace btfbatch::cli
