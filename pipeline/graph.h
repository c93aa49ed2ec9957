// The way of all kernels of an archive through three stages, on several cores.
#pragma once

#include <functional>

#include "pipeline/scan.h"
#include "pipeline/stages.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {

// What is done with each kernel. `unpack` and `judge` are called from any thread, for several
// kernels at once; `collect` for one after the other, in the archive's order.
struct Stages {
  std::function<void(KernelWork&)> unpack;   // fills KernelWork::btf
  std::function<void(KernelWork&)> judge;    // uses it up: minimizes, or verifies
  std::function<void(KernelWork&)> collect;  // keeps what has come of it
};

// Takes every entry of the archive through the stages with `jobs` threads, the caller's included.
// Each entry reaches `collect` exactly once. Once stopped, no further entry is begun, while those
// that are on their way come to their end. An archive is gone through only once.
void run_graph(Archive& archive, unsigned jobs, StopSignal& stop, const Stages& stages);

}  // namespace btfbatch
