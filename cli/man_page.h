// A command's manual page, made of what its --help is made of.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>

#include "cli/command_line.h"

namespace btfbatch::cli {

// The page of the command named `command` in man(7)'s macros, for section 1. `app` has all its
// options. Its date is the release's, whenever it is made.
[[nodiscard]] std::string man_page(std::string_view command, const HelpTexts& texts,
                                   const CLI::App& app);

}  // namespace btfbatch::cli
