// How many threads a run may use.
#pragma once

#include <optional>
#include <string_view>

namespace btfbatch {

// The cores that this process may use: those of its affinity mask, but no more than the CPU quota
// of its control group (version 2) allows. At least 1.
[[nodiscard]] unsigned available_cores();

// The threads that --jobs asks for: 0 stands for one per available core.
[[nodiscard]] inline unsigned thread_count(unsigned jobs) {
  return jobs != 0 ? jobs : available_cores();
}

// The cores that a cpu.max file grants, rounded up; nothing where it sets no limit or is not
// understood. "150000 100000" → 2, "max 100000" → nothing.
[[nodiscard]] std::optional<unsigned> cores_of_quota(std::string_view cpu_max);

}  // namespace btfbatch
