// Coding a kernel type by type; rebuild.h reads it. What comes out is described, for other readers
// too, in docs/pack-format.md, which a change here has to change.
#pragma once

#include "core/pack/align.h"
#include "core/pack/streams.h"

namespace btfbatch::pack {

// Borrows nothing: `kernel`, which takes several times what it was made from, can go before the
// streams are compressed, which takes as much again.
[[nodiscard]] StreamWriter encode_typed(const AnalyzedBase& base, const Analyzed& kernel);

}  // namespace btfbatch::pack
