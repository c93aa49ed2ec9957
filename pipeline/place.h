// From blobs in staging to the output's final paths.
#pragma once

#include <optional>
#include <string>

#include "core/error.h"
#include "pipeline/blob_store.h"
#include "pipeline/output_folder.h"
#include "pipeline/output_plan.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {

struct Documents {
  std::string manifest;              // the content of btfbatch.json
  std::optional<std::string> index;  // that of index.json, where the layout has one
};

// Makes the folder hold exactly what `plan` and `documents` say, besides files that are not ours.
// `layout` says whether paths with the same blob share one inode (kHardlink) or each have their own
// (kCopy). A path that holds what it is to hold is not written again; its mode is left as it is.
//
// Fails with nothing changed where a folder that is not wholly ours lies where a file must go, or a
// foreign link or file where a folder must, or where the new files cannot be written. Should it
// fail later than that, each path has its old or its new content, and the next run completes the
// work.
//
// `stop`, where given, is asked as long as files are written: it makes it fail with nothing
// changed. folder.is_placing() tells afterwards whether anything was changed.
[[nodiscard]] Result<void> place_output(OutputFolder& folder, const OutputPlan& plan,
                                        const BlobStore& blobs, Layout layout,
                                        const Documents& documents, StopSignal* stop = nullptr);

}  // namespace btfbatch
