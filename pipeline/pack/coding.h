// From planned contents to the blobs of a pack, in parallel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/error.h"
#include "pipeline/pack/contents.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {

// A content, coded.
struct CodedContent {
  std::size_t content = 0;  // its number
  bool is_whole = false;    // coded by itself, whatever was planned
  std::vector<std::byte> bytes;
};

// What is coded by one thread in one go: contents with one base.
struct CodingUnit {
  std::optional<std::size_t> base;  // nothing: coded by itself
  std::vector<std::size_t> contents;
};

// Splits all contents that are not kept into units, in an order in which every base is before what
// is coded against it. `bases` is as of plan_bases(). Pure.
[[nodiscard]] std::vector<CodingUnit> split_into_units(
    const Contents& contents, std::span<const std::optional<std::size_t>> bases);

// Codes all units with `jobs` threads, and hands the results to `take`, one after the other, in the
// order of the units. Once stopped, the rest is left out. Fails where a content cannot be read
// back, or `take` fails.
[[nodiscard]] Result<void> code_units(
    const Contents& contents, std::span<const CodingUnit> units, unsigned jobs, StopSignal& stop,
    const std::function<Result<void>(const CodedContent&, std::optional<std::size_t> base)>& take);

}  // namespace btfbatch
