// `btfbatch unpack`.
#pragma once

#include <span>
#include <string>

namespace btfbatch::cli {

// Unpacks, from the arguments behind the command's name to the exit code. Called once in a process.
int unpack_command(std::span<const std::string> arguments);

}  // namespace btfbatch::cli
