// A run over an archive as large as BTFHub's, made up: no file is read, no kernel minimized.
#pragma once

#include <cstddef>

#include "pipeline/run.h"

namespace btfbatch::test {

// A summary of `kernels` kernels of eight distros, in several releases and two architectures, and
// of `objects` objects. Relocations break from some version on or up to one, are guarded, absent
// and, rarely, ambiguous; layouts change over versions; some kernels failed. One object has names
// that would break a careless page. The same arguments give the same summary, anywhere.
[[nodiscard]] RunSummary synthetic_run(std::size_t kernels, std::size_t objects);

}  // namespace btfbatch::test
