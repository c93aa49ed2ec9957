// `btfbatch wrap`: makes of a BTF file the vmlinux that loaders look for in /boot.
#pragma once

#include <span>
#include <string>

namespace btfbatch::cli {

// Does the job with `arguments` (without the program's name and the command), speaking on standard
// output and standard error. Returns the process's exit code.
[[nodiscard]] int wrap_command(std::span<const std::string> arguments);

}  // namespace btfbatch::cli
