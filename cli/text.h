// Text that comes from elsewhere, made fit to be shown; and names that were mistyped.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

namespace btfbatch::cli {

// The text with control characters written as \xNN, so that a file name cannot steer a terminal or
// break a line of the log.
[[nodiscard]] std::string printable(std::string_view text);

// Writes the text. Where the stream cannot be written, the exit code still tells how the job went.
void print(std::FILE* stream, std::string_view text);

// The one of `known` that takes the fewest single-character edits to reach from `name`; the first
// of several. Empty where `known` is.
[[nodiscard]] std::string nearest_name(std::string_view name, std::span<const std::string> known);

}  // namespace btfbatch::cli
