// Options that several commands have, defined once. The targets are borrowed, as OptionTable says.
#pragma once

#include "cli/option_table.h"
#include "cli/options.h"

namespace btfbatch::cli {

// --layout
void define_layout(OptionTable& table, RunOptions& run);

// --arch, --distro, … under a headline of their own.
void define_filter(OptionTable& table, RunOptions& run);

// --jobs and --max-btf-size
void define_limits(OptionTable& table, RunOptions& run);

// --progress, --quiet, … under a headline of their own.
void define_messages(OptionTable& table, Settings& settings);

}  // namespace btfbatch::cli
