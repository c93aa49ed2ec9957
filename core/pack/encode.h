// Coding a kernel type by type; rebuild.h reads it.
#pragma once

#include <cstddef>
#include <vector>

#include "core/error.h"
#include "core/pack/align.h"

namespace btfbatch::pack {

// Appends to `coded`.
[[nodiscard]] Result<void> encode_typed(const AnalyzedBase& base, const Analyzed& kernel,
                                        std::vector<std::byte>& coded);

}  // namespace btfbatch::pack
