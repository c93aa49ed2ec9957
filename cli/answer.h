// What a command line is answered where there is no job to run.
#pragma once

#include <string>

#include "cli/exit_code.h"

namespace btfbatch::cli {

// What to print where there is no job to run: --help and --version (code kAllWell, for standard
// output), or what is wrong with the options (code kWrongUsage, for standard error).
struct Answer {
  ExitCode code = kAllWell;
  std::string text;  // ends with a newline
};

// Prints the answer where it belongs, and returns its code.
int print_answer(const Answer& answer);

}  // namespace btfbatch::cli
