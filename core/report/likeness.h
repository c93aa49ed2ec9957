// How alike are two names?
#pragma once

#include <string_view>

namespace btfbatch {

inline constexpr double kAlike = 0.6;       // from here on, one may be the other's new name
inline constexpr double kRespelled = 0.95;  // the same but for underscores around it

// From 0 to 1; at least kRespelled where nothing but underscores around them differs. Else by the
// words between underscores, where one has all of the other's, and by the letters that have to be
// changed.
// Thread-safe.
[[nodiscard]] double likeness(std::string_view a, std::string_view b);

// Whether both have a word between underscores in common, of two letters or more. Thread-safe.
[[nodiscard]] bool share_a_word(std::string_view a, std::string_view b);

}  // namespace btfbatch
