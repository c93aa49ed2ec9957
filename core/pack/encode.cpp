#include "core/pack/encode.h"

#include <utility>

#include "core/btf/visit.h"
#include "core/pack/segments.h"
#include "core/pack/type_coder.h"

namespace btfbatch::pack {
namespace {

// The kernel's strings in the base's terms; see Name.
class NewStrings {
 public:
  NewStrings(const AnalyzedBase& base, const Analyzed& kernel, StreamWriter& out)
      : base_(base.kernel),
        kernel_(kernel),
        out_(out),
        ordinals_(kernel.strings.offsets.size(), kUnknown) {
    end_ = static_cast<std::uint32_t>(base_.strings.offsets.size());
    for (std::uint32_t i = 0; i < ordinals_.size(); ++i) {
      const std::size_t number = base.strings.find(kernel.strings.hashes[i]);
      if (number == base.strings.size()) continue;
      const std::uint32_t ordinal = base.strings.places(number).front();
      if (string_at(base_.btf.strings(), base_.strings.offsets[ordinal]) == text(i)) {
        ordinals_[i] = ordinal;
      }
    }
  }

  // What no name of the base or of a type told so far is.
  static constexpr std::uint32_t kUnknown = 0xffffffff;

  [[nodiscard]] std::uint32_t of_base(const std::uint32_t* word) const {
    return base_.strings.ordinal(*word);
  }
  [[nodiscard]] std::uint32_t known(std::uint32_t offset) const {
    return ordinals_[kernel_.strings.ordinal(offset)];
  }

  Name of(std::uint32_t offset) {
    std::uint32_t& known = ordinals_[kernel_.strings.ordinal(offset)];
    if (known != kUnknown) return {.ordinal = known, .is_new = false};
    known = end_++;
    const std::string_view string = string_at(kernel_.btf.strings(), offset);
    out_.bytes(Stream::kStrings, std::as_bytes(std::span(string.data(), string.size() + 1)));
    return {.ordinal = known, .is_new = true};
  }

  void add_all() {
    for (const std::uint32_t offset : kernel_.strings.offsets) static_cast<void>(of(offset));
  }

 private:
  [[nodiscard]] std::string_view text(std::uint32_t ordinal) const {
    return string_at(kernel_.btf.strings(), kernel_.strings.offsets[ordinal]);
  }

  const Analyzed& base_;
  const Analyzed& kernel_;
  StreamWriter& out_;
  std::vector<std::uint32_t> ordinals_;  // by ordinal in the kernel
  std::uint32_t end_ = 0;
};

// The order of the kernel's strings. Most come in the order in which the types first name them;
// runs of strings, as they follow each other in the base (and behind it), are put between. Where
// types were sorted after their strings were laid down, all of it is runs.
class StringOrder {
 public:
  struct Run {
    std::uint32_t after = 0;  // strings since the last run that types name first
    std::uint32_t begin = 0;  // see Name
    std::uint32_t count = 0;  // of strings
  };

  StringOrder(const Analyzed& kernel, const NewStrings& strings)
      : kernel_(kernel), strings_(strings) {
    std::vector<Run> by_use = runs_beside_first_use();
    next_ = 1;
    std::vector<Run> all;
    run_until(last(), 0, all);
    runs_ = by_use.size() < all.size() ? std::move(by_use) : std::move(all);
  }

  void write(StreamWriter& out) const {
    std::uint32_t end = 0;
    for (const Run& run : runs_) {
      out.number(Stream::kStringRuns, run.after);
      out.number(Stream::kStringRuns, zigzag(run.begin - end));
      out.number(Stream::kStringRuns, run.count);
      end = run.begin;
    }
  }
  [[nodiscard]] std::uint32_t run_count() const { return static_cast<std::uint32_t>(runs_.size()); }

 private:
  [[nodiscard]] std::uint32_t last() const {
    return static_cast<std::uint32_t>(kernel_.strings.offsets.size());
  }
  [[nodiscard]] std::uint32_t ordinal_of(std::uint32_t ordinal) const {
    return strings_.known(kernel_.strings.offsets[ordinal]);
  }

  std::vector<Run> runs_beside_first_use() {
    std::vector<Run> runs;
    next_ = 1;
    std::uint32_t since = 0;
    for (std::uint32_t id = 1; id < kernel_.btf.type_count(); ++id) {
      btf::visit_words(
          kernel_.btf.words(id),
          [&](std::uint32_t name) {
            const std::uint32_t ordinal = kernel_.strings.ordinal(name);
            if (ordinal < next_) return;
            since = run_until(ordinal, since, runs) + 1;
            ++next_;
          },
          [](std::uint32_t) {});
    }
    run_until(last(), since, runs);
    return runs;
  }

  // Puts the strings from next_ up to `ordinal` into runs. What `since` is then.
  std::uint32_t run_until(std::uint32_t ordinal, std::uint32_t since, std::vector<Run>& runs) {
    while (next_ < ordinal) {
      Run run{.after = since, .begin = ordinal_of(next_), .count = 0};
      since = 0;
      while (next_ < ordinal && ordinal_of(next_) == run.begin + run.count) {
        ++run.count;
        ++next_;
      }
      runs.push_back(run);
    }
    return since;
  }

  const Analyzed& kernel_;
  const NewStrings& strings_;
  std::uint32_t next_ = 1;  // ordinal
  std::vector<Run> runs_;
};

class Encoder {
 public:
  Encoder(const AnalyzedBase& base, const Analyzed& kernel)
      : base_(base),
        kernel_(kernel),
        strings_(base, kernel, out_),
        new_ids_(base.kernel.btf.type_count()) {}

  StreamWriter run() && {
    const std::vector<std::uint32_t> partners = align(base_, kernel_);
    find_segments(partners);
    write_segments();
    write_types();
    strings_.add_all();
    const StringOrder order(kernel_, strings_);
    order.write(out_);
    write_patches();
    out_.number(Stream::kHead, kernel_.btf.word_count());
    out_.number(Stream::kHead, static_cast<std::uint32_t>(segments_.size()));
    out_.number(Stream::kHead, spelled_);
    out_.number(Stream::kHead, order.run_count());
    out_.number(Stream::kHead, patch_count_);
    return std::move(out_);
  }

 private:
  // Whether the base's type says the same, but for the types it refers to.
  bool can_be_copied(std::uint32_t id, std::uint32_t partner) const {
    const std::uint32_t* mine = kernel_.btf.words(id);
    const std::uint32_t* theirs = base_.kernel.btf.words(partner);
    const std::ptrdiff_t size = kernel_.btf.words(id + 1) - mine;
    if (base_.kernel.btf.words(partner + 1) - theirs != size || mine[1] != theirs[1]) return false;
    bool same = true;
    const std::uint32_t* next = mine;
    const auto until = [&](const std::uint32_t& word) {
      for (; next < &word; ++next) same = same && *next == theirs[next - mine];
      ++next;
    };
    btf::visit_words(
        mine,
        [&](const std::uint32_t& name) {
          until(name);
          same = same && strings_.known(name) == strings_.of_base(theirs + (&name - mine));
        },
        [&](const std::uint32_t& type) { until(type); });
    for (; next < mine + size; ++next) same = same && *next == theirs[next - mine];
    return same;
  }

  void find_segments(const std::vector<std::uint32_t>& partners) {
    for (std::uint32_t id = 1; id < partners.size(); ++id) {
      const std::uint32_t base = partners[id];
      const auto from = base == 0                 ? Segment::From::kNowhere
                        : can_be_copied(id, base) ? Segment::From::kCopied
                                                  : Segment::From::kLike;
      if (from != Segment::From::kCopied) ++spelled_;
      const bool goes_on = !segments_.empty() && segments_.back().from == from &&
                           (base == 0 || segments_.back().base + segments_.back().count == base);
      if (goes_on) {
        ++segments_.back().count;
      } else {
        segments_.push_back({.from = from, .base = base, .count = 1});
      }
    }
  }

  void write_segments() {
    SegmentCoder<StreamWriter> coder(out_, new_ids_);
    std::uint32_t id = 1;
    for (Segment& segment : segments_) {
      coder.segment(segment, id);
      id += segment.count;
    }
  }

  void write_types() {
    TypeCoder<StreamWriter, NewStrings> coder(out_, strings_, new_ids_, spelled_);
    std::uint32_t id = 1;
    for (const Segment& segment : segments_) {
      for (std::uint32_t i = 0; segment.from != Segment::From::kCopied && i < segment.count; ++i) {
        const bool like = segment.from == Segment::From::kLike;
        coder.type(id + i, like ? base_.kernel.btf.words(segment.base + i) : nullptr,
                   kernel_.btf.words(id + i));
      }
      id += segment.count;
    }
  }

  // The type IDs in copied types that are not those that the translation gives.
  void write_patches() {
    std::uint32_t last_place = 0;
    std::uint32_t last_ref = 0;
    std::uint32_t id = 1;
    const std::uint32_t* const begin = kernel_.btf.words(1);
    for (const Segment& segment : segments_) {
      for (std::uint32_t i = 0; segment.from == Segment::From::kCopied && i < segment.count; ++i) {
        const std::uint32_t* mine = kernel_.btf.words(id + i);
        const std::uint32_t* theirs = base_.kernel.btf.words(segment.base + i);
        btf::visit_words(
            mine, [](std::uint32_t) {},
            [&](const std::uint32_t& type) {
              if (new_ids_[theirs[&type - mine]] == type) return;
              const auto place = static_cast<std::uint32_t>(&type - begin);
              out_.number(Stream::kPatchPlaces, place - last_place);
              out_.number(Stream::kPatchRefs, zigzag(type - last_ref));
              last_place = place;
              last_ref = type;
              ++patch_count_;
            });
      }
      id += segment.count;
    }
  }

  const AnalyzedBase& base_;
  const Analyzed& kernel_;
  StreamWriter out_;
  NewStrings strings_;
  std::vector<std::uint32_t> new_ids_;
  std::vector<Segment> segments_;
  std::uint32_t spelled_ = 0;
  std::uint32_t patch_count_ = 0;
};

}  // namespace

StreamWriter encode_typed(const AnalyzedBase& base, const Analyzed& kernel) {
  return Encoder(base, kernel).run();
}

}  // namespace btfbatch::pack
