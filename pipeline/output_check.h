// Whether an output folder holds what it was planned to hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/content_id.h"
#include "pipeline/output_plan.h"

namespace btfbatch {

struct BlobIdentity {
  ContentId id;
  std::uint64_t size = 0;  // bytes
};

struct Misplaced {
  std::string path;    // of the plan
  std::string reason;  // "is missing"
};

// Compares what lies at each path of the plan with what was planned: bytes are read, through the
// links that lead to them, and hashed. `identity_of` tells what a planned blob must be. Returns the
// paths where something else lies, in order. Thread-safe.
[[nodiscard]] std::vector<Misplaced> check_output(
    const std::filesystem::path& root, const OutputPlan& plan,
    const std::function<BlobIdentity(std::size_t blob)>& identity_of);

}  // namespace btfbatch
