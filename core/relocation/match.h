// Does one candidate have what a relocation asks for, and where?
#pragma once

#include <cstdint>

#include "core/relocation/access_spec.h"
#include "core/relocation/types.h"

namespace btfbatch {

// Looks in the candidate `target_id` for what `spec` asks. On kYes `found` holds the place;
// otherwise its contents mean nothing. Uses up `steps`, and refuses when there are none left.
// Thread-safe. After libbpf's bpf_core_spec_match.
[[nodiscard]] Compared match_spec(const TypeSpace& local, const LocalSpec& spec,
                                  const TypeSpace& target, std::uint32_t target_id,
                                  TargetSpec& found, Steps& steps);

}  // namespace btfbatch
