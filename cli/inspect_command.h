// The command `btfbatch inspect`.
#pragma once

#include <span>
#include <string>

namespace btfbatch::cli {

// Shows what objects need of a kernel, on standard output. `arguments` come behind the command's
// name. Returns the process's exit code.
int inspect_command(std::span<const std::string> arguments);

}  // namespace btfbatch::cli
