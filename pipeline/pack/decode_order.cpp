// Two things pull in different directions. A base is kept in memory until all that is coded against
// it is done; so a base, what is coded against it, and what is coded against that, in turn, should
// follow each other closely: the tree of a series is walked depth first, of what is coded against
// a base the lightest first, so that the base is done with when the heaviest is walked. But then
// the first of them would find the base still being decoded by another thread, and wait for it. So
// each base is taken some places earlier than the walk has it, as far as the memory for bases that
// lie ready allows; where that cannot be, what waits longest for its turn comes next, which at the
// beginning lets all that is coded against the first base go side by side. The graph begins kernels
// in this order, as many at once as there are threads; with many, some wait. The series with the
// largest kernel comes first: one of 27 MB takes 90 MB for a moment, and then few bases lie ready.
//
// How much memory: of Debian's 127 kernels 74 have to come too near behind their base with 16 MiB,
// 23 with 24 MiB, 9 with 32 MiB and with any more. Of a forest of small series it is 12 %, 6 % and
// 1 %. With 24 MiB two threads, if all deltas took the same, would wait for 6 % of the time, most
// of it for the first kernel, with at most 37 MiB of BTF on their way or ready; with 16 MiB, for 12
// %. Taking what is coded against a base in the order of the pack, its leaves first, has half as
// much more ready, and the two wait for longer.
#include "pipeline/pack/decode_order.h"

#include <algorithm>
#include <optional>

namespace btfbatch {
namespace {

constexpr std::size_t kAhead = 4;      // places between a base and what is coded against it
constexpr std::size_t kFarthest = 64;  // how far ahead of the walk a base is looked for

class Order {
 public:
  Order(std::span<const PackBlob> blobs, std::span<const std::uint32_t> wanted)
      : blobs_(blobs),
        wanted_(wanted),
        kernels_of_(blobs.size()),
        above_(blobs.size()),
        is_needed_(blobs.size()),
        users_(blobs.size()),
        largest_(blobs.size()),
        taken_at_(blobs.size()) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      kernels_of_[wanted[i]].push_back(i);
    }
    // Of what is needed, all bases are; they stand before it.
    for (std::size_t blob = blobs.size(); blob-- > 0;) {
      is_needed_[blob] = is_needed_[blob] || !kernels_of_[blob].empty();
      if (is_needed_[blob] && blobs[blob].base) {
        is_needed_[*blobs[blob].base] = true;
      }
    }
    for (std::uint32_t blob = 0; blob < blobs.size(); ++blob) {
      if (is_needed_[blob] && blobs[blob].base) {
        above_[*blobs[blob].base].push_back(blob);
        ++users_[*blobs[blob].base];
      }
    }
    // What leads back to each by bases, and itself.
    std::vector<std::size_t> weights(blobs.size(), 1);
    for (std::size_t blob = blobs.size(); blob-- > 0;) {
      if (is_needed_[blob]) {
        largest_[blob] = std::max(largest_[blob], blobs[blob].btf_size);
        if (const std::optional<std::uint32_t> base = blobs[blob].base) {
          weights[*base] += weights[blob];
          largest_[*base] = std::max(largest_[*base], largest_[blob]);
        }
      }
    }
    for (std::vector<std::uint32_t>& above : above_) {
      std::ranges::stable_sort(above, {}, [&](std::uint32_t blob) { return weights[blob]; });
    }
  }

  std::vector<std::size_t> run() && {
    std::vector<std::uint32_t> walk = walk_depth_first();
    std::vector<std::size_t> order;
    std::size_t first = 0;  // of the walk that is not taken
    std::vector<bool> is_taken(walk.size());
    while (first < walk.size()) {
      // What is next in the walk can always be taken.
      std::size_t best = first;
      std::size_t most_ahead = 0;
      const std::size_t end = std::min(walk.size(), first + kFarthest);
      for (std::size_t i = first; i < end && most_ahead < kAhead; ++i) {
        if (!is_taken[i] && has_room(walk[i], i == first)) {
          const std::size_t ahead = ahead_of(walk[i], order.size());
          if (ahead > most_ahead) {
            best = i;
            most_ahead = ahead;
          }
        }
      }
      take(walk[best], order);
      is_taken[best] = true;
      while (first < walk.size() && is_taken[first]) {
        ++first;
      }
    }
    return order;
  }

 private:
  std::vector<std::uint32_t> walk_depth_first() {
    std::vector<std::uint32_t> walk;
    std::vector<std::uint32_t> branches;  // still to be walked, the next one last
    for (std::size_t blob = blobs_.size(); blob-- > 0;) {
      if (is_needed_[blob] && !blobs_[blob].base) {
        branches.push_back(static_cast<std::uint32_t>(blob));
      }
    }
    std::ranges::stable_sort(branches, {}, [&](std::uint32_t root) { return largest_[root]; });
    while (!branches.empty()) {
      const std::uint32_t branch = branches.back();
      branches.pop_back();
      walk.push_back(branch);
      branches.insert(branches.end(), above_[branch].rbegin(), above_[branch].rend());
    }
    return walk;
  }

  // How many places ago its base was taken; 0 where it was not.
  [[nodiscard]] std::size_t ahead_of(std::uint32_t blob, std::size_t now) const {
    const std::optional<std::uint32_t> base = blobs_[blob].base;
    if (!base) {
      return kAhead;
    }
    if (!taken_at_[*base]) {
      return 0;
    }
    return kernels_of_[*base].empty() ? kAhead : now - *taken_at_[*base] + 1;
  }

  [[nodiscard]] bool has_room(std::uint32_t blob, bool is_next) const {
    return is_next || above_[blob].empty() || ready_ + blobs_[blob].btf_size <= kMostReady;
  }

  void take(std::uint32_t blob, std::vector<std::size_t>& order) {
    order.insert(order.end(), kernels_of_[blob].begin(), kernels_of_[blob].end());
    taken_at_[blob] = order.size();
    if (!above_[blob].empty()) {
      ready_ += blobs_[blob].btf_size;
    }
    if (const std::optional<std::uint32_t> base = blobs_[blob].base; base && --users_[*base] == 0) {
      ready_ -= blobs_[*base].btf_size;
    }
  }

  std::span<const PackBlob> blobs_;
  std::span<const std::uint32_t> wanted_;
  std::vector<std::vector<std::size_t>> kernels_of_;  // positions in wanted_, by blob
  std::vector<std::vector<std::uint32_t>> above_;     // what is coded against it and needed
  std::vector<bool> is_needed_;
  std::vector<std::size_t> users_;                    // of above_, those not taken yet
  std::vector<std::uint64_t> largest_;                // bytes, of what leads back to it, and itself
  std::vector<std::optional<std::size_t>> taken_at_;  // length of the order then
  std::uint64_t ready_ = 0;                           // bytes
};

}  // namespace

std::vector<std::size_t> decode_order(std::span<const PackBlob> blobs,
                                      std::span<const std::uint32_t> wanted) {
  return Order(blobs, wanted).run();
}

}  // namespace btfbatch
