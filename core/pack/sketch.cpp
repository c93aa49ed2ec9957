// How alike two kernels are, from a sample of each.
//
// A BTF is taken as the set of its neighbours: for every type, the hash of what it says by itself
// (kind, name, size, number of elements, the kind and name of the type it refers to; no type IDs
// and no string offsets, which shift) together with that of the type before it. The share of common
// neighbours counts both what a delta has to spell out and where its copied runs break. Of each set
// the kSampled smallest hashes are kept: the smallest of the union of two sets are an even sample
// of it, so the share in the sample tells the share in all (bottom-k sampling).
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/btf/view.h"
#include "core/btf/visit.h"
#include "core/pack/delta.h"

namespace btfbatch {
namespace {

constexpr std::size_t kSampled = 1024;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t both[2] = {a, b};
  return XXH3_64bits(both, sizeof both);
}

// Of every type, by its ID: its kind and name.
std::vector<std::uint64_t> hash_names(const BtfView& btf) {
  std::vector<std::uint64_t> hashes(btf.type_count());
  for (std::uint32_t id = 0; id < btf.type_count(); ++id) {
    const char* name = btf.string(btf.type(id).name);
    hashes[id] = XXH3_64bits_withSeed(name, std::strlen(name),
                                      static_cast<std::uint64_t>(btf.type(id).kind()));
  }
  return hashes;
}

// By kind: whether the third word of a type of this kind is a type ID.
std::array<bool, btf::kKindCount> kinds_that_refer() {
  std::array<bool, btf::kKindCount> refers{};
  for (std::uint32_t kind = 1; kind < btf::kKindCount; ++kind) {
    const std::array<std::uint32_t, 8> type = {0, kind << 24};
    btf::visit_words(
        type.data(), [](std::uint32_t) {},
        [&](const std::uint32_t& id) { refers[kind] = refers[kind] || &id == &type[2]; });
  }
  return refers;
}

}  // namespace

Sketch Sketch::of(std::span<const std::byte> btf) {
  Sketch sketch;
  const auto view = BtfView::open(btf);
  if (!view) return sketch;
  const std::vector<std::uint64_t> names = hash_names(*view);
  const auto refers = kinds_that_refer();
  std::vector<std::uint64_t> hashes;
  hashes.reserve(names.size());
  std::uint64_t before = 0;
  for (std::uint32_t id = 1; id < view->type_count(); ++id) {
    const btf::Type& type = view->type(id);
    const std::uint64_t target = refers[static_cast<std::size_t>(type.kind())]
                                     ? names[type.size_or_type]
                                     : type.size_or_type;
    const std::uint64_t here = mix(names[id] ^ type.info, target);
    hashes.push_back(mix(before, here));
    before = here;
  }
  std::ranges::sort(hashes);
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  hashes.resize(std::min(hashes.size(), kSampled));
  hashes.shrink_to_fit();
  sketch.smallest_ = std::move(hashes);
  return sketch;
}

double Sketch::likeness(const Sketch& other) const {
  std::size_t in_both = 0;
  std::size_t in_union = 0;
  auto a = smallest_.begin();
  auto b = other.smallest_.begin();
  while (a != smallest_.end() && b != other.smallest_.end() && in_union < kSampled) {
    ++in_union;
    if (*a == *b) {
      ++in_both;
      ++a;
      ++b;
    } else if (*a < *b) {
      ++a;
    } else {
      ++b;
    }
  }
  return in_union == 0 ? 0 : static_cast<double>(in_both) / static_cast<double>(in_union);
}

}  // namespace btfbatch
