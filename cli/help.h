// The shape of --help: what surrounds the list of options.
#pragma once

#include <CLI/App.hpp>

#include "cli/command_line.h"
#include "cli/options.h"

namespace btfbatch::cli {

// Gives `app`, whose options are all defined, the page layout and the texts.
void set_help_page(CLI::App& app, const HelpTexts& texts);

// The texts of the commands that share their options.
[[nodiscard]] HelpTexts help_texts(Command command);

}  // namespace btfbatch::cli
