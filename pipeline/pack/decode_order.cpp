// Two things pull in different directions. A base is kept in memory until all that is coded against
// it is done; so a base, what is coded against it, and what is coded against that, in turn, should
// follow each other closely: the tree of a series is walked depth first, a base's leaves before its
// branches. But then the first of them would find the base still being decoded by another thread,
// and wait for it. So each base is taken some places earlier than the walk has it, as far as the
// memory for bases that lie ready allows. The graph lets no more kernels be on their way at once
// than a few for each thread, so that with few threads a base is ready when it is needed; with
// many, some wait.
//
// How much memory: of Debian's 127 kernels 67 have to come too near behind their base with 24 MiB,
// 31 with 32 MiB, 19 with 48 MiB, and these 19 however much there is. Of a forest of small series
// it is 24 %, 11 %, 7 % and 7 %. 32 MiB are what fits beside the rest in the 150 MB of a run.
#include "pipeline/pack/decode_order.h"

#include <algorithm>
#include <optional>

namespace btfbatch {
namespace {

constexpr std::size_t kAhead = 8;      // places between a base and what is coded against it
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
  }

  std::vector<std::size_t> run() && {
    std::vector<std::uint32_t> walk = walk_depth_first();
    std::vector<std::size_t> order;
    std::size_t first = 0;  // of the walk that is not taken
    std::vector<bool> is_taken(walk.size());
    while (first < walk.size()) {
      std::optional<std::size_t> best;
      const std::size_t end = std::min(walk.size(), first + kFarthest);
      for (std::size_t i = first; i < end && !best; ++i) {
        if (!is_taken[i] && is_ready(walk[i], order.size()) && has_room(walk[i], i == first)) {
          best = i;
        }
      }
      take(walk[best.value_or(first)], order);
      is_taken[best.value_or(first)] = true;
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
    while (!branches.empty()) {
      const std::uint32_t branch = branches.back();
      branches.pop_back();
      walk.push_back(branch);
      for (const std::uint32_t blob : above_[branch]) {
        if (above_[blob].empty()) {
          walk.push_back(blob);
        }
      }
      for (auto blob = above_[branch].rbegin(); blob != above_[branch].rend(); ++blob) {
        if (!above_[*blob].empty()) {
          branches.push_back(*blob);
        }
      }
    }
    return walk;
  }

  // Whether its base was taken long enough ago.
  [[nodiscard]] bool is_ready(std::uint32_t blob, std::size_t now) const {
    const std::optional<std::uint32_t> base = blobs_[blob].base;
    if (!base) {
      return true;
    }
    return taken_at_[*base] && (kernels_of_[*base].empty() || *taken_at_[*base] + kAhead <= now);
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
  std::vector<std::optional<std::size_t>> taken_at_;  // length of the order then
  std::uint64_t ready_ = 0;                           // bytes
};

}  // namespace

std::vector<std::size_t> decode_order(std::span<const PackBlob> blobs,
                                      std::span<const std::uint32_t> wanted) {
  return Order(blobs, wanted).run();
}

}  // namespace btfbatch
