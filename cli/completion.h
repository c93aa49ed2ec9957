// What the completion of a shell is told (cli/completion/): the scripts there know no option, and
// ask the program.
#pragma once

#include <CLI/App.hpp>
#include <span>
#include <string>

#include "cli/option_table.h"

namespace btfbatch::cli {

// A line for each option of a command, its fields separated by '|':
//
//   names    "-j --jobs"; "OBJ..." for arguments that belong to no option; the name of a command
//   kind     flag, text, choice, file, files (several may follow), folder; or command: a line for
//            each, where an argument is the name of one
//   choices  the values, separated by blanks; empty where they are not few
//   summary  the first line of its help
[[nodiscard]] std::string completion_lines(const CLI::App& app, std::span<const OptionFacts> facts);

}  // namespace btfbatch::cli
