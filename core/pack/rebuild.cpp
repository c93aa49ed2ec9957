#include "core/pack/rebuild.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include "core/btf/visit.h"
#include "core/pack/segments.h"
#include "core/pack/string_order.h"
#include "core/pack/type_coder.h"

namespace btfbatch::pack {
namespace {

// The names of spelled types: ordinals of the base's strings, and behind them of the added ones.
class SpelledNames {
 public:
  SpelledNames(const RebuildBase& base, const AddedStrings& added)
      : base_(base), end_(base.string_count() + added.count()), next_(base.string_count()) {}

  [[nodiscard]] std::uint32_t of_base(const std::uint32_t* word) const {
    return *word == 0
               ? 0
               : base_.names[base_.name_index(static_cast<std::size_t>(word - base_.btf.words(1)))];
  }
  // 0 where there is none left.
  std::uint32_t next() { return next_ == end_ ? 0 : next_++; }
  [[nodiscard]] std::uint32_t end() const { return end_; }

 private:
  const RebuildBase& base_;
  std::uint32_t end_;
  std::uint32_t next_;
};

class Rebuilder {
 public:
  Rebuilder(const RebuildBase& base, StreamReader& in, std::span<std::byte> out)
      : base_(base), in_(in), out_(out), new_ids_(base.btf.type_count()), kinds_(out.size() / 4) {}

  Result<RebuildBase> run() && {
    if (auto done = write(); !done) return std::unexpected(std::move(done).error());
    // Names were placed, and all else is the base's, or was looked at.
    if (largest_type_ >= type_count_) return fail("refers to types that do not exist");
    auto names_before = kinds_.names.counts();
    return RebuildBase{.btf = PlainBtf::made(out_, word_count_, std::move(offsets_)),
                       .kinds = std::move(kinds_),
                       .names_before = std::move(names_before),
                       .names = std::move(names_),
                       .string_starts = std::move(string_starts_)};
  }

 private:
  Result<void> write() {
    word_count_ = in_.number(Stream::kHead);
    const std::uint32_t segment_count = in_.number(Stream::kHead);
    spelled_ = in_.number(Stream::kHead);
    const std::uint32_t run_count = in_.number(Stream::kHead);
    const std::uint32_t patch_count = in_.number(Stream::kHead);
    if (out_.size() <= sizeof(btf::Header) ||
        word_count_ > (out_.size() - sizeof(btf::Header) - 1) / 4) {
      return fail("the type section does not fit");
    }
    const std::span<const std::byte> added = in_.rest(Stream::kStrings);
    if (added.size() > out_.size()) return fail("the added strings do not fit");
    if (!added.empty() && added.back() != std::byte{0}) return fail("the last string does not end");
    const AddedStrings strings({reinterpret_cast<const char*>(added.data()), added.size()});
    if (auto done = read_segments(segment_count); !done) return done;
    if (auto done = read_types(strings); !done) return done;
    write_header();
    if (auto done = write_sections(strings, run_count); !done) return done;
    return patch(patch_count);
  }

  Result<void> read_segments(std::uint32_t count) {
    SegmentCoder<StreamReader> coder(in_, new_ids_);
    std::uint32_t id = 1;
    std::uint64_t words = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      Segment segment;
      // No type takes less than three words.
      if (!coder.segment(segment, id) || in_.failed() || segment.count == 0 ||
          segment.count > word_count_ / 3 - (id - 1)) {
        return fail("the segments make no sense");
      }
      if (segment.from == Segment::From::kCopied) {
        words += words_of(segment);
      }
      id += segment.count;
      segments_.push_back(segment);
    }
    type_count_ = id;
    if (words > word_count_) return fail("the copied types do not fit");
    copied_words_ = static_cast<std::uint32_t>(words);
    return {};
  }

  // Those that are spelled out, to where they will stand.
  Result<void> read_types(const AddedStrings& added) {
    SpelledNames names(base_, added);
    TypeCoder<StreamReader, SpelledNames> coder(in_, names, new_ids_, spelled_);
    auto* const words = reinterpret_cast<std::uint32_t*>(word_place(0));
    std::size_t left = word_count_ - copied_words_;  // words, of those spelled out
    std::size_t at = 0;
    std::uint32_t id = 1;
    for (const Segment& segment : segments_) {
      if (segment.from == Segment::From::kCopied) at += words_of(segment);
      for (std::uint32_t i = 0; segment.from != Segment::From::kCopied && i < segment.count; ++i) {
        const bool like = segment.from == Segment::From::kLike;
        const std::size_t size =
            coder.type(id + i, like ? base_.btf.words(segment.base + i) : nullptr,
                       std::span(words + at, left));
        if (size == 0) return fail("a type makes no sense");
        at += size;
        left -= size;
      }
      id += segment.count;
    }
    if (left != 0) return fail("the types do not fill the type section");
    return {};
  }

  // Of a copied one.
  [[nodiscard]] std::size_t words_of(const Segment& segment) const {
    return static_cast<std::size_t>(base_.btf.words(segment.base + segment.count) -
                                    base_.btf.words(segment.base));
  }

  void write_header() {
    const std::uint32_t type_size = word_count_ * 4;
    const btf::Header header = {
        .magic = btf::kMagic,
        .version = btf::kVersion,
        .flags = 0,
        .header_size = btf::kHeaderSize,
        .type_offset = 0,
        .type_size = type_size,
        .string_offset = type_size,
        .string_size = static_cast<std::uint32_t>(out_.size() - sizeof header - type_size)};
    std::memcpy(out_.data(), &header, sizeof header);
  }

  [[nodiscard]] std::byte* word_place(std::size_t i) const {
    return out_.data() + sizeof(btf::Header) + 4 * i;
  }

  Result<void> write_sections(const AddedStrings& added, std::uint32_t run_count) {
    StringOrder order(base_.btf.strings(), base_.string_starts, added, in_, run_count);
    // No type of the base is copied twice, and none has more names than other words.
    names_.resize(base_.names.size() + (word_count_ - copied_words_) / 2);
    offsets_.resize(type_count_);
    std::uint32_t id = 1;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      const Segment& segment = segments_[i];
      if (i + kAhead < segments_.size()) prefetch(segments_[i + kAhead]);
      if (segment.from == Segment::From::kCopied) {
        copy(segment, id, order);
        id += segment.count;
        continue;
      }
      for (const std::uint32_t end = id + segment.count; id < end; ++id) place(id, order);
    }
    const std::span<std::byte> strings =
        out_.subspan(sizeof(btf::Header) + std::size_t{4} * word_count_);
    if (in_.failed() || !order.write({reinterpret_cast<char*>(strings.data()), strings.size()})) {
      return fail("the strings do not fill the string section");
    }
    names_.resize(name_count_);
    string_starts_ = order.take_starts();
    return {};
  }

  // Segments jump about in the base.
  static constexpr std::size_t kAhead = 4;
  void prefetch(const Segment& segment) const {
    if (segment.from == Segment::From::kCopied) __builtin_prefetch(base_.btf.words(segment.base));
  }

  // The base's types with their type IDs and names translated, 64 words at a time: which of them
  // have to be is known, so no type is looked at.
  void copy(const Segment& segment, std::uint32_t id, StringOrder& order) {
    const std::uint32_t* const from = base_.btf.words(segment.base);
    const auto begin = static_cast<std::size_t>(from - base_.btf.words(1));
    const std::size_t size = words_of(segment);
    const std::uint32_t* name = base_.names.data() + base_.name_index(begin);
    for (std::size_t i = 0; i < size; i += kBlock) {
      const std::size_t count = std::min(kBlock, size - i);
      const std::uint64_t here = ~std::uint64_t{0} >> (kBlock - count);
      std::byte* const to = word_place(at_ + i);
      if (count == kBlock) {
        std::memcpy(to, from + i, 4 * kBlock);
      } else {
        std::memcpy(to, from + i, 4 * count);
      }
      const std::uint64_t names = base_.kinds.names.from(begin + i) & here;
      const std::uint64_t types = base_.kinds.types.from(begin + i) & here;
      name = translate_names(to, names, name, order);
      translate_types(to, types, from + i);
      kinds_.names.add(at_ + i, names);
      kinds_.types.add(at_ + i, types);
    }
    for (std::uint32_t i = 0; i < segment.count; ++i) {
      const auto before = static_cast<std::size_t>(base_.btf.words(segment.base + i) - from);
      offsets_[id + i] = static_cast<std::uint32_t>(4 * (at_ + before));
    }
    at_ += size;
  }
  static constexpr std::size_t kBlock = 64;

  static void put_word(std::byte* to, std::size_t i, std::uint32_t word) {
    std::memcpy(to + 4 * i, &word, sizeof word);
  }

  // Those of 64 words that `names` says, the base's ordinals of which begin at `name`. Returns
  // where the next ones do.
  const std::uint32_t* translate_names(std::byte* to, std::uint64_t names,
                                       const std::uint32_t* name, StringOrder& order) {
    // In registers: for all that the compiler knows, writing a word might change any of these.
    StringOrder::Next next = order.next();
    const std::uint32_t* const string_starts = base_.string_starts.data();
    std::uint32_t* new_name = names_.data() + name_count_;
    name_count_ += static_cast<std::size_t>(std::popcount(names));
    for (; names != 0; names &= names - 1) {
      const std::uint32_t source = *name++;
      const std::uint32_t ordinal =
          next.add(source, string_starts[source + 1] - string_starts[source]);
      *new_name++ = ordinal;
      put_word(to, static_cast<std::size_t>(std::countr_zero(names)), next.starts[ordinal]);
      if (next.count == next.run_at) [[unlikely]] {
        order.set_next(next);
        next = order.next();
      }
    }
    order.set_next(next);
    return name;
  }

  void translate_types(std::byte* to, std::uint64_t types, const std::uint32_t* from) const {
    const std::uint32_t* const new_ids = new_ids_.data();
    for (; types != 0; types &= types - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(types));
      put_word(to, i, new_ids[from[i]]);
    }
  }

  // A type that was spelled out, in the kernel's type IDs already.
  void place(std::uint32_t id, StringOrder& order) {
    auto* const words = reinterpret_cast<std::uint32_t*>(word_place(at_));
    const std::size_t size = btf::type_size(words[1]) / sizeof *words;
    btf::visit_words(
        words,
        [&](std::uint32_t& name) {
          if (name == 0) return;
          const std::uint32_t ordinal = order.add(name);
          names_[name_count_++] = ordinal;
          name = order.start(ordinal);
          kinds_.names.add(at_ + static_cast<std::size_t>(&name - words), 1);
        },
        [&](const std::uint32_t& type) {
          largest_type_ = std::max(largest_type_, type);
          kinds_.types.add(at_ + static_cast<std::size_t>(&type - words), 1);
        });
    offsets_[id] = static_cast<std::uint32_t>(4 * at_);
    at_ += size;
  }

  Result<void> patch(std::uint32_t count) {
    std::uint32_t place = 0;
    std::uint32_t id = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      place += in_.number(Stream::kPatchPlaces);
      id += unzigzag(in_.number(Stream::kPatchRefs));
      if (in_.failed() || place >= word_count_ || !kinds_.types.get(place)) {
        return fail("a patch is where no type ID is");
      }
      largest_type_ = std::max(largest_type_, id);
      std::memcpy(word_place(place), &id, 4);
    }
    return {};
  }

  const RebuildBase& base_;
  StreamReader& in_;
  std::span<std::byte> out_;
  std::vector<std::uint32_t> new_ids_;
  std::uint32_t word_count_ = 0;  // of the type section
  std::uint32_t type_count_ = 0;  // one more than the highest type ID
  std::uint32_t spelled_ = 0;
  std::uint32_t copied_words_ = 0;
  std::vector<Segment> segments_;

  std::size_t at_ = 0;                  // words written
  std::vector<std::uint32_t> offsets_;  // of the types written, in bytes, by type ID
  WordKinds kinds_;                     // of the words written
  std::vector<std::uint32_t> names_;    // see RebuildBase
  std::size_t name_count_ = 0;          // of names_, those written
  std::vector<std::uint32_t> string_starts_;
  std::uint32_t largest_type_ = 0;  // type ID in spelled types and patches
};

}  // namespace

std::optional<RebuildBase> RebuildBase::of(PlainBtf btf) {
  const std::string_view strings = btf.strings();
  Bits begins(strings.size());
  std::vector<std::uint32_t> starts;
  for (std::size_t at = 0; at < strings.size(); at += std::strlen(strings.data() + at) + 1) {
    begins.add(at, 1);
    starts.push_back(static_cast<std::uint32_t>(at));
  }
  starts.push_back(static_cast<std::uint32_t>(strings.size()));
  const std::vector<std::uint32_t> begins_before = begins.counts();
  bool whole = true;
  std::vector<std::uint32_t> names;
  for (std::uint32_t id = 1; id < btf.type_count(); ++id) {
    btf::visit_words(
        btf.words(id),
        [&](std::uint32_t name) {
          if (name == 0) return;
          whole = whole && begins.get(name);
          names.push_back(static_cast<std::uint32_t>(begins.count_before(name, begins_before)));
        },
        [](std::uint32_t) {});
  }
  if (!whole) return std::nullopt;
  WordKinds kinds = WordKinds::of(btf);
  std::vector<std::uint32_t> names_before = kinds.names.counts();
  return RebuildBase{.btf = std::move(btf),
                     .kinds = std::move(kinds),
                     .names_before = std::move(names_before),
                     .names = std::move(names),
                     .string_starts = std::move(starts)};
}

std::optional<RebuildBase> RebuildBase::open(std::span<const std::byte> btf) {
  auto plain = PlainBtf::open(btf);
  if (!plain) return std::nullopt;
  return of(*std::move(plain));
}

Result<RebuildBase> rebuild(const RebuildBase& base, std::span<const std::byte> coded,
                            std::span<std::byte> out) {
  auto in = StreamReader::open(coded, 8 * std::uint64_t{out.size()} + 4096);
  if (!in) return std::unexpected(std::move(in).error());
  return Rebuilder(base, *in, out).run();
}

}  // namespace btfbatch::pack
