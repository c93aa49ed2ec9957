// btfbatch verify: from arguments to an exit code.
#pragma once

#include <span>
#include <string>

namespace btfbatch::cli {

// Proves an output. `arguments` come without the program's and the command's name. Returns the exit
// code. Writes to standard output and standard error. To be called once in a process.
[[nodiscard]] int verify_command(std::span<const std::string> arguments);

}  // namespace btfbatch::cli
