// Text that comes from elsewhere, made fit to be shown; and names that were mistyped.
#pragma once

#include <cstddef>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace btfbatch::cli {

// The text with control characters written as \xNN, so that a file name cannot steer a terminal or
// break a line of the log.
[[nodiscard]] std::string printable(std::string_view text);

// Writes the text at once. That standard output cannot be written is told once; main() heeds it.
void print(std::FILE* stream, std::string_view text);

// The one of `known` that takes the fewest single-character edits to reach from `name`; the first
// of several. Empty where all take more than `most_edits`, or `known` is empty.
[[nodiscard]] std::string nearest_name(
    std::string_view name, std::span<const std::string> known,
    std::size_t most_edits = std::numeric_limits<std::size_t>::max());

}  // namespace btfbatch::cli
