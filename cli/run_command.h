// `btfbatch run`, which is also `btfbatch` alone: the main job. And `btfbatch report`, which does
// it for its report alone.
#pragma once

#include <span>
#include <string>

#include "cli/options.h"

namespace btfbatch::cli {

// Each runs with `arguments` (without the program's name and the command), speaking on standard
// output and standard error. Returns the process's exit code. Once in a process.
[[nodiscard]] int run_command(std::span<const std::string> arguments);
[[nodiscard]] int report_command(std::span<const std::string> arguments);

// The same from settings that were read already.
[[nodiscard]] int run_job(const Settings& settings);

}  // namespace btfbatch::cli
