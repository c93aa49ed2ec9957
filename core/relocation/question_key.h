// When two relocations are the same question.
#pragma once

#include <string>

#include "core/error.h"
#include "core/relocation/access_spec.h"

namespace btfbatch {

// Writes down all that libbpf's rules see of a relocation: its kind, the essential name and kind of
// its root, and of the local types on its way just what the comparisons in compare.h look at. Two
// relocations with one key get the same answer of every kernel, whichever objects they come from;
// the key depends on no type ID and no order, so it is the same after a rebuild.
//
// Fails where the local types nest deeper than libbpf follows, or hold more than any C type does.
// Thread-safe.
[[nodiscard]] Result<std::string> question_key(const TypeSpace& space, const LocalSpec& spec);

}  // namespace btfbatch
