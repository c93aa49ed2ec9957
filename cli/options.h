// The options of the commands that take an archive, objects and an output: their definition, their
// help, and what they come down to.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "cli/answer.h"
#include "core/error.h"
#include "pipeline/run.h"

namespace btfbatch::cli {

// The commands that share these options; the rest define their own on a CommandLine.
enum class Command : std::uint8_t { kRun, kVerify, kReport };

enum class ProgressMode : std::uint8_t {
  kAuto,    // a live line on a terminal, log lines elsewhere
  kAlways,  // a live line
  kNever,
};

enum class LogFormat : std::uint8_t { kText, kJson };

// What makes a run or a report end with kSomeKernels, from lenient to strict; each includes those
// before. A kernel that failed always does.
enum class FailOn : std::uint8_t {
  kNone,
  kAmbiguous,  // a relocation that is ambiguous on some kernel
  kDegraded,   // a kernel that is degraded, for whatever reason
  kBroken,     // a relocation that is broken on some kernel
};

// Everything that command line and configuration file say. Of `run`, kVerify needs the inputs, the
// filter and the limits; kReport has neither output nor bundles.
struct Settings {
  RunOptions run{};
  FailOn fail_on = FailOn::kDegraded;
  ProgressMode progress = ProgressMode::kAuto;
  LogFormat log_format = LogFormat::kText;
  bool quiet = false;
  bool verbose = false;
};

// Reads the options (without the program's name, without a command), then the configuration file
// that they may name; the command line wins. Does not look at any other file.
[[nodiscard]] std::expected<Settings, Answer> parse_options(std::span<const std::string> arguments,
                                                            Command command = Command::kRun);

// Whether archive and objects are there, so that a mistyped path costs no time. Errors name the
// option, the path and the remedy.
[[nodiscard]] Result<void> check_inputs(const RunOptions& options);

}  // namespace btfbatch::cli
