// `btfbatch pack`.
#pragma once

#include <span>
#include <string>

namespace btfbatch::cli {

// Packs an archive, or looks into a pack, from the arguments behind the command's name to the exit
// code. Called once in a process.
int pack_command(std::span<const std::string> arguments);

}  // namespace btfbatch::cli
