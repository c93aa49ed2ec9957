// The reports of a run, as files.
#pragma once

#include <vector>

#include "core/error.h"
#include "pipeline/report/options.h"
#include "pipeline/run.h"
#include "pipeline/staged_file.h"

namespace btfbatch {

// All files that `options` ask for, under temporary names beside their final ones, with their bytes
// on the disk. `options` have been checked. Where any cannot be made, none is left.
class StagedReports {
 public:
  [[nodiscard]] static Result<StagedReports> make(const ReportOptions& options,
                                                  const RunSummary& run);

  // Gives them their final names, each in one step.
  [[nodiscard]] Result<void> place();

 private:
  std::vector<StagedFile> files_;
};

}  // namespace btfbatch
