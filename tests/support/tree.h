// What lies below a folder, as something that can be compared and printed.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace btfbatch::test {

// Path below the root → "file CONTENT", "link TARGET" or "folder". Links are not followed.
using Tree = std::map<std::string, std::string>;
[[nodiscard]] Tree read_tree(const std::filesystem::path& root);

// The same without folders, and with what a reader sees at each path: "CONTENT". A link to a folder
// is followed, one that leads nowhere is "nothing".
[[nodiscard]] Tree read_through_links(const std::filesystem::path& root);

}  // namespace btfbatch::test
