// The options of `btfbatch find`.
#pragma once

#include <expected>
#include <filesystem>
#include <span>
#include <string>

#include "cli/answer.h"

namespace btfbatch::cli {

struct FindSettings {
  std::filesystem::path from;
  std::filesystem::path os_release;  // empty: the host's, under `root`
  std::filesystem::path root;        // empty: "/"
  std::string kernel_release;        // empty: the running kernel's
  std::string machine;               // empty: this machine's
  bool nearest = false;
  bool explain = false;
  bool json = false;
  std::filesystem::path output;  // "-": standard output; empty: only tell the path

  [[nodiscard]] bool writes_to_stdout() const { return output == "-"; }
};

// Reads the options (without the program's name, without "find"). Does not look at any file.
[[nodiscard]] std::expected<FindSettings, Answer> parse_find_options(
    std::span<const std::string> arguments);

}  // namespace btfbatch::cli
