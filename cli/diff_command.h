// `btfbatch diff`: what has changed between two runs.
#pragma once

#include <span>
#include <string>

namespace btfbatch::cli {

// Compares the manifests that `arguments` (without the program's name and the command) name,
// speaking on standard output and standard error. Returns the process's exit code.
[[nodiscard]] int diff_command(std::span<const std::string> arguments);

}  // namespace btfbatch::cli
