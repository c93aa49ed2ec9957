// Sizes, times and counts as people write and read them. One convention throughout: binary units
// (KiB = 1024 bytes), one decimal.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"

namespace btfbatch::cli {

// Reads a number of bytes: "4096", "64KiB", "256 MiB", "1GiB"; upper and lower case are the same.
// Fails on anything else, on 0 and on what does not fit in 64 bits.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

// Reads a whole number from `low` to `high`, decimal digits only.
[[nodiscard]] Result<std::uint64_t> parse_number(const std::string& text, std::uint64_t low,
                                                 std::uint64_t high);

// "812 B", "4.1 KiB", "26.0 MiB".
[[nodiscard]] std::string format_size(std::uint64_t bytes);

// "0.4 s", "59.9 s", "2 min 5 s", "1 h 3 min".
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds time);

// "1 kernel", "2 kernels".
[[nodiscard]] std::string format_count(std::size_t count, std::string_view noun);

}  // namespace btfbatch::cli
