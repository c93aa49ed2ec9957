// All that a kernel answers to an object set.
#pragma once

#include <vector>

#include "core/relocation/resolver.h"

namespace btfbatch {

// One kernel's answers, by RelocationPlan::sequences and then by position in the sequence.
struct Answers {
  std::vector<std::vector<Resolution>> sequences;
  // Type IDs that have one of RelocationPlan::wanted as their essential name and kind, ascending.
  std::vector<std::vector<std::uint32_t>> candidates;
};

// The answers to one sequence, by position.
[[nodiscard]] std::vector<Resolution> answers_to(Resolver& resolver,
                                                 const RelocationSequence& sequence);

// The answers to every sequence of the plan. Not to be used where resolver.gave_up() afterwards.
[[nodiscard]] Answers answer_all(Resolver& resolver, const RelocationPlan& plan);

}  // namespace btfbatch
