// Which questions of a program are about the same as one of its poisoned relocations?
#pragma once

#include "core/relocation/plan.h"

namespace btfbatch {

// Whether `question`, answered with 0, says that what `asked` wants is not there: it asks whether
// the same enumerator, the same field or one on the way to it, or the type itself exists. By name
// only, flavors left aside: no proof that a branch depends on it. Thread-safe.
[[nodiscard]] bool is_about(const RelocationPlan& plan, const DistinctRelocation& question,
                            const DistinctRelocation& asked);

}  // namespace btfbatch
