// One command's command line: its options, its --help, and what is said where they are used
// wrongly.
#pragma once

#include <CLI/App.hpp>
#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "cli/answer.h"
#include "cli/option_table.h"
#include "core/error.h"

namespace btfbatch::cli {

// What stands around the list of options in --help, without indentation, in lines of at most 100
// columns.
struct HelpTexts {
  std::string description;  // whole sentences, an example; ends with a newline
  std::string usage;        // "btfbatch verify --archive PATH --objs FILE... --out DIR [OPTIONS]"
  std::string footer;       // exit codes and the like; ends without a newline
};

// How a command reads its arguments:
//
//   CommandLine line("find", {.description = …, .usage = …, .footer = …});
//   line.options().path("--from", "PATH", "Where to look.", settings.from);
//   if (auto read = line.parse(arguments); !read) return print_answer(read.error());
//
// The targets of the options must outlive it. Not for several threads.
//
// Two words that --help does not tell, each to be the only argument, make every command answer what
// is made of the same table: --man-page (its manual page, see cli/man_page.h) and
// --completion-helper (what shells complete, see cli/completion.h).
class CommandLine {
 public:
  // `command` is its name in commands(), "run" for the one that may be left out.
  CommandLine(std::string command, HelpTexts texts);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  [[nodiscard]] OptionTable& options() { return table_; }

  // Reads the arguments (without the program's and the command's name). Answers --help and
  // --version, and refuses what is no option, with the nearest name that is one.
  [[nodiscard]] std::expected<void, Answer> parse(std::span<const std::string> arguments);

  // After parse(): sets what the TOML file says and the command line does not. `config` among the
  // keys is refused: a file does not name another.
  [[nodiscard]] std::expected<void, Answer> apply_config(const std::filesystem::path& file);

  // For what only the command can see to be wrong: "--out is missing: …".
  [[nodiscard]] Answer wrong_usage(std::string_view message) const;

 private:
  [[nodiscard]] std::string complain_about(const std::string& extra) const;
  [[nodiscard]] Result<void> set_from_file(const std::filesystem::path& file);

  std::string command_;
  HelpTexts texts_;
  CLI::App app_;
  OptionTable table_{app_};
};

}  // namespace btfbatch::cli
