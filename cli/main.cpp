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
    const int code =
        btfbatch::cli::dispatch(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
    // What was to be told and is lost is no success.
    const bool is_lost = code == btfbatch::cli::kAllWell && std::ferror(stdout) != 0;
    return is_lost ? btfbatch::cli::kNothingWritten : code;
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
