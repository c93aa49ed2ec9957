// Hands the arguments to their command, and is the last to hear of an exception.
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/exit_code.h"

int main(int argc, char** argv) {
  try {
    return btfbatch::cli::dispatch(
        std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
  } catch (const std::bad_alloc&) {
    (void)std::fprintf(stderr,
                       "btfbatch: error: out of memory; fewer threads (--jobs) need less\n");
    return btfbatch::cli::kNothingWritten;
  } catch (const std::exception& error) {
    // Input never leads here; a bug does.
    (void)std::fprintf(stderr, "btfbatch: internal error: %s\n", error.what());
    return btfbatch::cli::kNothingWritten;
  }
}
