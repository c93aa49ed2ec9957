// The verifier refuses a poisoned instruction only where it comes to it. A program that asks first
// (`if (bpf_core_field_exists(…))`) never does: the answer is a number in the code by then, and the
// branch on it goes one way.
#include "core/program/reach.h"

#include <algorithm>

#include "core/program/walk.h"

namespace btfbatch {
namespace {

class PoisonObserver : public WalkObserver {
 public:
  void see(const Instruction&, std::uint32_t relocation, const Patch* patch,
           const KnownState&) override {
    if (patch != nullptr && patch->kind == Patch::Kind::kPoisoned) poisoned.push_back(relocation);
  }

  std::vector<std::uint32_t> poisoned;
};

}  // namespace

Reach follow(const ObjectCode& code, std::uint32_t entry, const PatchedPlaces& places,
             std::span<const Patch> patches, GlobalFunctions globals) {
  PoisonObserver observer;
  Walk walk(code, places, patches, observer);
  walk.enter(entry);
  if (globals == GlobalFunctions::kAlways) {
    for (const std::uint32_t function : code.call_tree(entry)) {
      if (function != entry && code.functions()[function].is_global) walk.enter(function);
    }
  }
  Reach reach{.poisoned = std::move(observer.poisoned), .complete = walk.is_complete()};
  std::ranges::sort(reach.poisoned);
  const auto rest = std::ranges::unique(reach.poisoned);
  reach.poisoned.erase(rest.begin(), rest.end());
  return reach;
}

}  // namespace btfbatch
