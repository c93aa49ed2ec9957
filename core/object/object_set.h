// All objects of a run, with their relocations deduplicated once for all kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/content_id.h"
#include "core/object/object.h"

namespace btfbatch {

class RelocationPlan;

// Immutable once made; shared by all threads. Owns its objects, but not the bytes they refer to.
class ObjectSet {
 public:
  // The order of the objects does not change any output byte.
  // Fails, naming object and relocation, where an access string cannot be understood or asks what
  // its own type cannot answer: no kernel could ever satisfy it, and a loader refuses the object.
  [[nodiscard]] static Result<ObjectSet> make(std::vector<Object> objects);

  ObjectSet(ObjectSet&&) noexcept;
  ObjectSet& operator=(ObjectSet&&) noexcept;
  ~ObjectSet();

  [[nodiscard]] std::span<const Object> objects() const { return objects_; }

  // Relocations of all objects, and how many different questions they come down to.
  [[nodiscard]] std::size_t relocation_count() const;
  [[nodiscard]] std::size_t distinct_relocation_count() const;

  // The fingerprint of what the set asks of a kernel: equal for two sets exactly where every
  // kernel's minimized BTF is the same by the rules, such as before and after a rebuild that
  // changes other things.
  [[nodiscard]] ContentId fingerprint() const;

  // For core/ alone: what minimize() walks.
  [[nodiscard]] const RelocationPlan& plan() const { return *plan_; }

 private:
  ObjectSet() = default;

  std::vector<Object> objects_;
  std::unique_ptr<RelocationPlan> plan_;
};

}  // namespace btfbatch
