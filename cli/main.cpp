// Hands the arguments to their command, and is the last to hear of an exception.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/exit_code.h"

int main(int argc, char** argv) {
  try {
    return btfbatch::cli::dispatch(
        std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::exception& error) {
    // Input never leads here; a bug does, or memory that has run out.
    (void)std::fprintf(stderr, "btfbatch: internal error: %s\n", error.what());
    return btfbatch::cli::kNothingWritten;
  }
}
