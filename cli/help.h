// The shape of --help: what surrounds the list of options.
#pragma once

#include <CLI/App.hpp>

#include "cli/options.h"

namespace btfbatch::cli {

// Gives `app`, whose options are all defined, the description, the usage line, the footer and the
// page layout of the command's help.
void set_help_page(CLI::App& app, Command command);

}  // namespace btfbatch::cli
