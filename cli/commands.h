// The commands of the program, in one table: what is dispatched, listed by --help, completed by
// shells and described by man pages.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace btfbatch::cli {

struct CommandEntry {
  std::string_view name;
  // One line for the list in --help: what it does, in the third person, without a full stop.
  std::string_view summary;
  // Takes the arguments behind the command's name; returns the exit code. Called once in a process.
  int (*run)(std::span<const std::string> arguments);
};

// In the order in which they are shown.
[[nodiscard]] std::span<const CommandEntry> commands();

// Runs the command that the first argument names (`arguments` come without the program's name).
// Without one, it is `run`. Returns the exit code of the process.
[[nodiscard]] int dispatch(std::span<const std::string> arguments);

}  // namespace btfbatch::cli
