// Choosing bases.
//
// How much a delta takes is told well enough by how alike two sketches are. The best base of each
// kernel would be its nearest neighbour; but neighbours of neighbours make a chain, and a chain of
// a hundred kernels means a hundred to decode for the last one. So depth is bounded, and the
// question is which kernels serve as bases for many.
//
// Kernels are first ordered by arch, distro and version, so that neighbours mostly stand together.
// Then the middle one is placed, then the middle of each half, and so on; each is coded against the
// most alike of those placed before it whose depth still allows it. So the first few become bases
// that are spread over the whole range, the next ones bases between them, and the bulk, placed
// last, finds a base close by. Then every kernel looks around once more, now that all are placed,
// and moves, with all that is coded against it, to where depth allows it.
//
// The obvious way, each against the one before it in version order, gives chains, which break where
// they get too deep, and everything behind the break grows with its distance from it.
#include "pipeline/pack/plan.h"

#include <algorithm>
#include <array>
#include <deque>
#include <numeric>
#include <tuple>
#include <utility>

#include "core/kernel_identity.h"

namespace btfbatch {
namespace {

// Less alike than this, a delta is no smaller than the kernel by itself.
constexpr double kAlikeEnough = 0.02;

// How often all look around again. The first time finds nearly all that there is to find.
constexpr int kRounds = 2;

// The same positions, middles first.
std::vector<std::size_t> middles_first(std::span<const std::size_t> order) {
  std::vector<std::size_t> result;
  std::deque<std::pair<std::size_t, std::size_t>> ranges = {{0, order.size()}};
  while (!ranges.empty()) {
    const auto [begin, end] = ranges.front();
    ranges.pop_front();
    if (begin == end) {
      continue;
    }
    const std::size_t middle = begin + (end - begin) / 2;
    result.push_back(order[middle]);
    ranges.emplace_back(begin, middle);
    ranges.emplace_back(middle + 1, end);
  }
  return result;
}

class Planner {
 public:
  explicit Planner(std::span<const PlannedBtf> btfs)
      : btfs_(btfs), bases_(btfs.size()), depths_(btfs.size()) {}

  std::vector<std::optional<std::size_t>> run() && {
    std::vector<std::size_t> to_place;
    for (const std::size_t i : middles_first(neighbours_together(btfs_))) {
      if (btfs_[i].fixed_depth) {
        depths_[i] = *btfs_[i].fixed_depth;
        placed_.push_back(i);
      } else {
        to_place.push_back(i);
      }
    }
    for (const std::size_t i : to_place) {
      if (const std::optional<std::size_t> base = most_alike(i, kAlikeEnough, 0)) {
        put(i, *base);
      }
      placed_.push_back(i);
    }
    for (int round = 0; round < kRounds; ++round) {
      for (const std::size_t i : to_place) {
        look_around(i);
      }
    }
    return std::move(bases_);
  }

 private:
  // The one of those placed that is most like `i`, and more so than `likeness`, of those that may
  // be its base where as many as `above` stand on top of each other above it.
  [[nodiscard]] std::optional<std::size_t> most_alike(std::size_t i, double likeness,
                                                      std::uint32_t above) const {
    std::optional<std::size_t> best;
    for (const std::size_t other : placed_) {
      if (depths_[other] + 1 + above > kDeepestPlanned ||
          btfs_[other].btf_size > kLargestPlannedBase || leads_to(other, i)) {
        continue;
      }
      const double found = btfs_[i].sketch.likeness(btfs_[other].sketch);
      if (found > likeness) {
        likeness = found;
        best = other;
      }
    }
    return best;
  }

  // Gives `i`, and with it what is above, a better base, where there is one by now.
  void look_around(std::size_t i) {
    std::vector<std::size_t> above;
    std::uint32_t height = 0;
    for (const std::size_t other : placed_) {
      if (other != i && leads_to(other, i)) {
        above.push_back(other);
        height = std::max(height, depths_[other] - depths_[i]);
      }
    }
    const double likeness =
        bases_[i] ? btfs_[i].sketch.likeness(btfs_[*bases_[i]].sketch) : kAlikeEnough;
    const std::optional<std::size_t> base = most_alike(i, likeness, height);
    if (!base) {
      return;
    }
    const std::uint32_t before = depths_[i];
    put(i, *base);
    for (const std::size_t other : above) {
      depths_[other] = depths_[other] - before + depths_[i];
    }
  }

  // Whether `i` is `below` or has it for a base, or for a base of its base, and so on.
  [[nodiscard]] bool leads_to(std::size_t i, std::size_t below) const {
    while (i != below && bases_[i]) {
      i = *bases_[i];
    }
    return i == below;
  }

  void put(std::size_t i, std::size_t base) {
    bases_[i] = base;
    depths_[i] = depths_[base] + 1;
  }

  std::span<const PlannedBtf> btfs_;
  std::vector<std::optional<std::size_t>> bases_;
  std::vector<std::uint32_t> depths_;
  std::vector<std::size_t> placed_;
};

}  // namespace

std::vector<std::size_t> neighbours_together(std::span<const PlannedBtf> btfs) {
  std::vector<KernelIdentity> identities;
  for (const PlannedBtf& btf : btfs) {
    identities.push_back(identify_kernel(btf.path));
  }
  std::vector<std::size_t> order(btfs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    const KernelIdentity& one = identities[a];
    const KernelIdentity& other = identities[b];
    const auto place = [](const KernelIdentity& kernel) {
      return std::tuple(canonical_arch(kernel.arch), std::string_view(kernel.distro));
    };
    if (place(one) != place(other)) {
      return place(one) < place(other);
    }
    const int versions = compare_kernel_releases(one.kernel_release, other.kernel_release);
    return versions != 0 ? versions < 0 : btfs[a].path < btfs[b].path;
  });
  return order;
}

std::vector<std::optional<std::size_t>> plan_bases(std::span<const PlannedBtf> btfs) {
  return Planner(btfs).run();
}

}  // namespace btfbatch
