// How alike are two names?
#pragma once

#include <string_view>

namespace btfbatch {

inline constexpr double kAlike = 0.6;  // from here on, one may be the other's new name

// From 0 to 1. The same but for underscores around it: nearly 1. Else by the words between
// underscores, where one has all of the other's, and by the letters that have to be changed.
// Thread-safe.
[[nodiscard]] double likeness(std::string_view a, std::string_view b);

}  // namespace btfbatch
