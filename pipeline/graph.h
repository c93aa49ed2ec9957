// From the entries of an archive to outcomes and blobs, on several cores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/error.h"
#include "core/object/object_set.h"
#include "pipeline/blob_store.h"
#include "pipeline/past_results.h"
#include "pipeline/run.h"
#include "pipeline/scan.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {

struct GraphOptions {
  unsigned jobs = 1;               // threads, the caller's included
  std::uint64_t max_btf_size = 0;  // bytes
  bool strict = false;             // stop at the first kernel that fails or is degraded
};

struct ProcessedKernels {
  static constexpr std::size_t kNoBlob = static_cast<std::size_t>(-1);

  std::vector<KernelOutcome> outcomes;  // in the archive's order
  std::vector<std::size_t> blobs;       // of each outcome; kNoBlob where it failed
};

// Takes every entry of the archive through the graph, those with a past result on a shorter way.
// Each yields exactly one outcome, unless the run is stopped: then the outcomes are those of the
// first entries, up to and including the one at which strict stopped it. `kernel_done` is called
// for each, in order, never from two threads at once.
//
// Fails where a blob could not be written.
[[nodiscard]] Result<ProcessedKernels> process_kernels(
    Archive& archive, const ObjectSet& objects, const PastResults& past, BlobStore& blobs,
    const GraphOptions& options, StopSignal& stop,
    const std::function<void(const KernelOutcome&)>& kernel_done);

}  // namespace btfbatch
