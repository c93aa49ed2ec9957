// Which type of a kernel comes from which of its base.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "core/pack/streams.h"

namespace btfbatch::pack {

// Types of consecutive IDs of the kernel that come from consecutive types of the base, or from
// none.
struct Segment {
  enum class From : std::uint8_t {
    kNowhere,  // spelled out
    kCopied,   // the base's types, their type IDs and names translated
    kLike,     // spelled out by what they differ in from the base's
  };
  From from = From::kNowhere;
  std::uint32_t base = 0;   // the first type ID in the base
  std::uint32_t count = 0;  // of types
};

// Where the next segment begins is told by where earlier ones ended: a kernel whose types come in
// another order than its base's (pahole takes compilation units in parallel) takes most of a
// stretch of the base, then some type from elsewhere, then the next of that stretch that nobody
// took yet.
template <class Io>
class SegmentCoder {
 public:
  // `new_ids` has an entry for each type ID of the base, all 0, and is filled with the IDs that its
  // types get in the kernel.
  SegmentCoder(Io& io, std::vector<std::uint32_t>& new_ids)
      : io_(io), new_ids_(new_ids), next_free_(new_ids.size() + 1) {
    std::iota(next_free_.begin(), next_free_.end(), 0);
    ends_.fill(1);
  }

  // Codes `segment`, which begins at type `id` of the kernel. False where what was decoded makes no
  // sense: types of the base that it does not have, or that were taken already.
  bool segment(Segment& segment, std::uint32_t id) {
    std::uint32_t op = 0;
    if constexpr (!Io::kDecoding) op = op_of(segment);
    symbol(Stream::kSegmentOps, op);
    symbol(Stream::kSegmentCounts, segment.count);
    if (op == 0) {
      segment.from = Segment::From::kNowhere;
      return true;
    }
    segment.from = op % 2 == 1 ? Segment::From::kCopied : Segment::From::kLike;
    const std::uint32_t where = (op - 1) / 2;
    if (where > ends_.size()) return false;
    if (where == 0) {
      std::uint32_t distance = zigzag(segment.base - ends_[0]);
      symbol(Stream::kSegmentBases, distance);
      segment.base = ends_[0] + unzigzag(distance);
    } else {
      segment.base = free_from(ends_[where - 1]);
    }
    return take(segment, id);
  }

 private:
  void symbol(Stream stream, std::uint32_t& value) {
    if constexpr (Io::kDecoding) {
      value = io_.number(stream);
    } else {
      io_.number(stream, value);
    }
  }

  std::uint32_t op_of(const Segment& segment) {
    if (segment.from == Segment::From::kNowhere) return 0;
    const std::uint32_t like = segment.from == Segment::From::kLike ? 1 : 0;
    for (std::uint32_t i = 0; i < ends_.size(); ++i) {
      if (free_from(ends_[i]) == segment.base) return 1 + 2 * (i + 1) + like;
    }
    return 1 + like;
  }

  // The first type from `base` on that was not taken; new_ids_.size() where all were.
  std::uint32_t free_from(std::uint32_t base) {
    std::uint32_t root = base;
    while (next_free_[root] != root) root = next_free_[root];
    while (next_free_[base] != root) base = std::exchange(next_free_[base], root);
    return root;
  }

  bool take(const Segment& segment, std::uint32_t id) {
    const auto count = static_cast<std::uint32_t>(new_ids_.size());
    if (segment.base == 0 || segment.base >= count || segment.count > count - segment.base) {
      return false;
    }
    for (std::uint32_t i = 0; i < segment.count; ++i) {
      const std::uint32_t base = segment.base + i;
      if (new_ids_[base] != 0) return false;
      new_ids_[base] = id + i;
      next_free_[base] = base + 1;
    }
    std::move_backward(ends_.begin(), ends_.end() - 1, ends_.end());
    ends_[0] = segment.base + segment.count;
    return true;
  }

  Io& io_;
  std::vector<std::uint32_t>& new_ids_;
  std::vector<std::uint32_t> next_free_;  // a type of the base that is free, or a step towards it
  std::array<std::uint32_t, 8> ends_{};   // of the segments before, the last one first
};

}  // namespace btfbatch::pack
