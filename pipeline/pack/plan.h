// What is coded against what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/pack/delta.h"

namespace btfbatch {

// How many bases may stand between a kernel and the one coded by itself; see kDeepestBlob.
inline constexpr std::uint32_t kDeepestPlanned = 6;
// A larger BTF is no base: making one ready takes five times its size in memory.
inline constexpr std::uint64_t kLargestPlannedBase = 8ULL << 20;

// One distinct BTF.
struct PlannedBtf {
  std::string path;  // in the archive, of a kernel that has it; says who its neighbours are
  std::uint64_t btf_size = 0;
  Sketch sketch;
  // Of what a base pack has coded already, and is taken over as it is: how many bases it has.
  std::optional<std::uint32_t> fixed_depth;
};

// Positions in the order of arch, distro, version and path, in which those that are alike mostly
// stand together. Pure.
[[nodiscard]] std::vector<std::size_t> neighbours_together(std::span<const PlannedBtf> btfs);

// For each of `btfs` the one that it is to be coded against, as a position; nothing where it is to
// be coded by itself. Those with a fixed depth get nothing. Depends on nothing but the arguments,
// and not on their order, as long as no two have the same path. Pure.
[[nodiscard]] std::vector<std::optional<std::size_t>> plan_bases(std::span<const PlannedBtf> btfs);

}  // namespace btfbatch
