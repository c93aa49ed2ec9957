// How a job that could not be done ends.
#pragma once

#include "cli/exit_code.h"
#include "cli/log.h"
#include "pipeline/run.h"

namespace btfbatch::cli {

// Says why, and returns the process's exit code.
inline int tell(Log& log, const RunError& failure) {
  log.error(failure.error.message);
  return failure.kind == RunError::Kind::kUsage ? kWrongUsage : kNothingWritten;
}

}  // namespace btfbatch::cli
