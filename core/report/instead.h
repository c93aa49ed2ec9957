// What does a kernel have in place of what was not found?
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/relocation/plan.h"
#include "core/report/kernel_report.h"

namespace btfbatch {

// Why nothing matched, and what is near by name or place.
struct Explanation {
  std::string reason;  // "task_struct has no member state"
  Instead instead;

  bool operator==(const Explanation&) const = default;
};

// Explains a relocation that found nothing. `candidates`: type IDs of the kernel's types that have
// the root type's essential name and kind, ascending; the first of them is explained. Bounded in
// time whatever the BTF. Thread-safe.
[[nodiscard]] Explanation explain_missing(const TypeSpace& local,
                                          const DistinctRelocation& relocation,
                                          const TypeSpace& kernel,
                                          std::span<const std::uint32_t> candidates);

}  // namespace btfbatch
