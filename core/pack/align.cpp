// Aligning the types of two kernels.
//
// Type IDs and string offsets shift with everything that was added before them, so types are
// compared by their shape: a hash of what they say, in which names stand by their bytes, and types
// referred to by kind and name, or, where they have no name, by their own shape in turn. Within a
// kernel pahole has deduplicated the types, so nearly all shapes occur once, and there is hardly
// ever a choice: a table of shapes gives the alignment in one pass, wherever a type has moved to.
// (Aligning by order, as diff does, would find less: pahole -j gives the types of each build
// another order.) What is left has changed: it is paired by kind and name, and, where it has no
// name, with what stands at the same place beside a type that has a partner.
#include "core/pack/align.h"

#include <bit>

#include "core/btf/visit.h"

namespace btfbatch::pack {
namespace {

constexpr std::uint32_t kFree = 0xffffffff;

std::uint64_t mix(std::uint64_t hash, std::uint64_t added) {
  hash = (hash ^ added) * 0x9e3779b97f4a7c15U;
  return hash ^ (hash >> 29);
}

// Types without a name refer to each other in a circle only in BTF that no compiler makes.
constexpr int kMaxDepth = 24;

class Hasher {
 public:
  Hasher(const PlainBtf& btf, const StringStarts& starts, std::vector<std::uint64_t>& names)
      : btf_(btf), starts_(starts), names_(names) {}

  // Of kind and name, or of all where there is no name. Never 0.
  std::uint64_t name(std::uint32_t id, int depth) {
    if (names_[id] != 0) return names_[id];
    if (depth == 0) return 1;
    const std::uint32_t* words = btf_.words(id);
    const std::uint64_t hash =
        words[0] != 0 ? mix(string(words[0]), words[1] >> 24 & 0x1f) : all(id, depth);
    return names_[id] = hash | 1;
  }

  std::uint64_t all(std::uint32_t id, int depth) {
    const std::uint32_t* words = btf_.words(id);
    const std::uint32_t* const end = btf_.words(id + 1);
    std::uint64_t hash = 0;
    const std::uint32_t* next = words;
    const auto plain_until = [&](const std::uint32_t* until) {
      for (; next < until; ++next) hash = mix(hash, *next);
    };
    const auto place = [&](const std::uint32_t& word) {
      plain_until(&word);
      next = &word + 1;
    };
    btf::visit_words(
        words,
        [&](const std::uint32_t& offset) {
          place(offset);
          hash = mix(hash, string(offset));
        },
        [&](const std::uint32_t& type) {
          place(type);
          hash = mix(hash, type == 0 ? 0 : name(type, depth - 1));
        });
    plain_until(end);
    return hash;
  }

 private:
  [[nodiscard]] std::uint64_t string(std::uint32_t offset) const {
    return starts_.hashes[starts_.ordinal(offset)];
  }

  const PlainBtf& btf_;
  const StringStarts& starts_;
  std::vector<std::uint64_t>& names_;
};

class Aligner {
 public:
  Aligner(const AnalyzedBase& base, const Analyzed& kernel)
      : base_(base), kernel_(kernel), partner_(kernel.btf.type_count()), taken_(count()) {}

  std::vector<std::uint32_t> run() {
    by_shape(base_.whole, base_.kernel.shapes.whole, kernel_.shapes.whole);
    by_shape(base_.names, base_.kernel.shapes.names, kernel_.shapes.names);
    by_place();
    return std::move(partner_);
  }

 private:
  [[nodiscard]] std::uint32_t count() const { return base_.kernel.btf.type_count(); }

  void pair(std::uint32_t id, std::uint32_t base) {
    partner_[id] = base;
    taken_[base] = true;
  }

  // The partner's successor where it has the shape, or else the first of that shape that is free.
  void by_shape(const HashIndex& index, const std::vector<std::uint64_t>& base_shapes,
                const std::vector<std::uint64_t>& shapes) {
    std::vector<std::uint32_t> used(index.size());
    for (std::uint32_t id = 1; id < partner_.size(); ++id) {
      if (partner_[id] != 0) continue;
      const std::uint32_t next = partner_[id - 1] + 1;
      if (next > 1 && is_free(next) && base_shapes[next] == shapes[id]) {
        pair(id, next);
        continue;
      }
      const std::size_t number = index.find(shapes[id]);
      if (number == index.size()) continue;
      const auto places = index.places(number);
      std::uint32_t& first = used[number];
      while (first < places.size() && (places[first] == 0 || taken_[places[first]])) ++first;
      if (first < places.size()) pair(id, places[first]);
    }
  }

  // Types without a name, changed, beside types that have a partner.
  void by_place() {
    for (std::uint32_t id = 2; id < partner_.size(); ++id) {
      if (partner_[id - 1] != 0) try_place(id, partner_[id - 1] + 1);
    }
    for (auto id = static_cast<std::uint32_t>(partner_.size()); id-- > 2;) {
      if (partner_[id] > 1) try_place(id - 1, partner_[id] - 1);
    }
  }

  void try_place(std::uint32_t id, std::uint32_t base) {
    if (partner_[id] != 0 || !is_free(base)) return;
    const std::uint32_t* a = kernel_.btf.words(id);
    const std::uint32_t* b = base_.kernel.btf.words(base);
    if (a[0] == 0 && b[0] == 0 && kernel_.btf.kind(id) == base_.kernel.btf.kind(base)) {
      pair(id, base);
    }
  }

  [[nodiscard]] bool is_free(std::uint32_t base) const { return base < count() && !taken_[base]; }

  const AnalyzedBase& base_;
  const Analyzed& kernel_;
  std::vector<std::uint32_t> partner_;
  std::vector<bool> taken_;
};

}  // namespace

Shapes Shapes::of(const PlainBtf& btf, const StringStarts& starts) {
  Shapes shapes;
  shapes.names.resize(btf.type_count());
  shapes.whole.resize(btf.type_count());
  Hasher hasher(btf, starts, shapes.names);
  for (std::uint32_t id = 1; id < btf.type_count(); ++id) {
    hasher.name(id, kMaxDepth);
  }
  for (std::uint32_t id = 1; id < btf.type_count(); ++id) {
    shapes.whole[id] = btf.words(id)[0] == 0 ? shapes.names[id] : hasher.all(id, kMaxDepth) | 1;
  }
  return shapes;
}

HashIndex::HashIndex(std::span<const std::uint64_t> hashes) {
  const std::size_t mask = std::bit_ceil(hashes.size() * 2 + 1) - 1;
  numbers_.assign(mask + 1, kFree);
  std::vector<std::uint32_t> number_of(hashes.size());
  std::vector<std::uint32_t> counts;
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    std::size_t at = hashes[i] >> 8 & mask;
    while (numbers_[at] != kFree && keys_[numbers_[at]] != hashes[i]) at = (at + 1) & mask;
    if (numbers_[at] == kFree) {
      numbers_[at] = static_cast<std::uint32_t>(keys_.size());
      keys_.push_back(hashes[i]);
      counts.push_back(0);
    }
    number_of[i] = numbers_[at];
    ++counts[number_of[i]];
  }
  begins_.reserve(counts.size() + 1);
  std::uint32_t begin = 0;
  for (const std::uint32_t count : counts) {
    begins_.push_back(begin);
    begin += count;
  }
  begins_.push_back(begin);
  places_.resize(hashes.size());
  std::vector<std::uint32_t> next(begins_);
  for (std::uint32_t i = 0; i < hashes.size(); ++i) places_[next[number_of[i]]++] = i;
}

std::size_t HashIndex::find(std::uint64_t hash) const {
  const std::size_t mask = numbers_.size() - 1;
  std::size_t at = hash >> 8 & mask;
  while (numbers_[at] != kFree && keys_[numbers_[at]] != hash) at = (at + 1) & mask;
  return numbers_[at] == kFree ? size() : numbers_[at];
}

std::optional<Analyzed> Analyzed::of(std::optional<PlainBtf> btf) {
  if (!btf) return std::nullopt;
  auto strings = StringStarts::of(*btf);
  if (!strings) return std::nullopt;
  Shapes shapes = Shapes::of(*btf, *strings);
  return Analyzed{*std::move(btf), *std::move(strings), std::move(shapes)};
}

AnalyzedBase::AnalyzedBase(Analyzed analyzed)
    : kernel(std::move(analyzed)),
      below(RebuildBase::of(kernel.btf).value()),
      strings(kernel.strings.hashes),
      names(kernel.shapes.names),
      whole(kernel.shapes.whole) {}

std::vector<std::uint32_t> align(const AnalyzedBase& base, const Analyzed& kernel) {
  return Aligner(base, kernel).run();
}

}  // namespace btfbatch::pack
