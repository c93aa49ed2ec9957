// `btfbatch find`: which BTF is the right one for a host.
#pragma once

#include <span>
#include <string>

namespace btfbatch::cli {

// Does the whole command; `arguments` are those behind "find". Returns the exit code.
int find_command(std::span<const std::string> arguments);

}  // namespace btfbatch::cli
