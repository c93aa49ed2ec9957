#include "core/relocation/answers.h"

namespace btfbatch {

std::vector<Resolution> answers_to(Resolver& resolver, const RelocationSequence& sequence) {
  std::vector<Resolution> answers;
  answers.reserve(sequence.relocations.size());
  resolver.resolve(sequence, nullptr,
                   [&](std::size_t, const Resolution& answer) { answers.push_back(answer); });
  return answers;
}

Answers answer_all(Resolver& resolver, const RelocationPlan& plan) {
  Answers answers;
  answers.sequences.reserve(plan.sequences.size());
  for (const RelocationSequence& sequence : plan.sequences) {
    answers.sequences.push_back(answers_to(resolver, sequence));
  }
  answers.candidates = resolver.candidates();
  return answers;
}

}  // namespace btfbatch
