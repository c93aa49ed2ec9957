#include "core/object/object_set.h"

#include "core/relocation/plan.h"

namespace btfbatch {

Result<ObjectSet> ObjectSet::make(std::vector<Object> objects) {
  ObjectSet set;
  set.objects_ = std::move(objects);
  auto plan = RelocationPlan::make(set.objects_);
  if (!plan) return std::unexpected(std::move(plan).error());
  set.plan_ = std::make_unique<RelocationPlan>(*std::move(plan));
  return set;
}

ObjectSet::ObjectSet(ObjectSet&&) noexcept = default;
ObjectSet& ObjectSet::operator=(ObjectSet&&) noexcept = default;
ObjectSet::~ObjectSet() = default;

std::size_t ObjectSet::relocation_count() const {
  std::size_t count = 0;
  for (const Object& object : objects_) count += object.relocations.size();
  return count;
}

std::size_t ObjectSet::distinct_relocation_count() const {
  return plan_->distinct.size();
}

ContentId ObjectSet::fingerprint() const {
  return plan_->fingerprint();
}

}  // namespace btfbatch
