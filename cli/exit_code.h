// What the process says to its caller when it ends; the same list stands in --help.
#pragma once

#include <cstdint>

namespace btfbatch::cli {

enum ExitCode : std::uint8_t {
  kAllWell = 0,
  kWrongUsage = 1,      // options, configuration, or an input that is missing or broken
  kSomeKernels = 2,     // some kernels failed or were degraded; all others were written
  kNothingWritten = 3,  // the output could not be written, or no kernel came to anything
};

// A process stopped by a signal exits with this plus the signal's number, as shells count.
inline constexpr int kSignalBase = 128;

}  // namespace btfbatch::cli
