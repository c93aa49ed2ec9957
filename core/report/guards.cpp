#include "core/report/guards.h"

#include <algorithm>
#include <cstring>

#include "core/relocation/names.h"

namespace btfbatch {
namespace {

bool same_step(const Accessor& a, const Accessor& b) {
  if (a.name == nullptr || b.name == nullptr) return a.name == b.name && a.index == b.index;
  return std::strcmp(a.name, b.name) == 0;
}

bool same_enumerator(const LocalSpec& a, const LocalSpec& b) {
  return essential_name(a.accessors.front().name) == essential_name(b.accessors.front().name);
}

}  // namespace

bool is_about(const RelocationPlan& plan, const DistinctRelocation& question,
              const DistinctRelocation& asked) {
  const auto root_of = [&](const DistinctRelocation& relocation) {
    const TypeSpace& space = plan.spaces[relocation.object];
    return essential_name(space.name_of(space.type(relocation.spec.root_type)));
  };
  if (root_of(question) != root_of(asked)) return false;
  const auto& steps = question.spec.accessors;
  switch (question.spec.kind) {
    case RelocationKind::kTypeExists:
    case RelocationKind::kTypeMatches:
    case RelocationKind::kTypeSize:
      return true;
    case RelocationKind::kEnumvalExists:
      return is_enumval_based(asked.spec.kind) && same_enumerator(question.spec, asked.spec);
    case RelocationKind::kFieldExists:
      return is_field_based(asked.spec.kind) && steps.size() <= asked.spec.accessors.size() &&
             std::equal(steps.begin(), steps.end(), asked.spec.accessors.begin(), same_step);
    default:
      return false;
  }
}

}  // namespace btfbatch
