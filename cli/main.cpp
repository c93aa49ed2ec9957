// Chooses the command by the first argument, and is the last to hear of an exception.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "cli/run_command.h"
#include "cli/verify_command.h"

namespace {

using Arguments = std::vector<std::string>;

// `run` may be left out: everything that is no command belongs to it.
int dispatch(Arguments arguments) {
  const std::string command = arguments.empty() ? "" : arguments.front();
  if (command == "run" || command == "verify") {
    arguments.erase(arguments.begin());
  }
  return command == "verify" ? btfbatch::cli::verify_command(arguments)
                             : btfbatch::cli::run_command(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch(Arguments(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {
    // Input never leads here; a bug does, or memory that has run out.
    (void)std::fprintf(stderr, "btfbatch: internal error: %s\n", error.what());
    return btfbatch::cli::kNothingWritten;
  }
}
