#include "core/pack/rebuild.h"

#include <cstring>
#include <memory>

#include "core/btf/visit.h"
#include "core/pack/segments.h"
#include "core/pack/type_coder.h"

namespace btfbatch::pack {
namespace {

// Writes the kernel's string section, and tells where in it a name came to lie.
//
// Whether a name is there yet is asked half a million times, and hard to predict. So that is kept
// apart, in bits, which stay in the nearest caches, while the processor need not wait for the
// offset itself.
class StringWriter {
 public:
  StringWriter(std::string_view base, std::string_view added, StreamReader& in,
               std::uint32_t run_count, std::span<char> out)
      : base_(base),
        added_(added),
        in_(in),
        runs_left_(run_count),
        out_(out),
        slots_(string_slot(static_cast<std::uint32_t>(base.size() + added.size())) + 1),
        is_there_(slots_ / 64 + 1),
        offsets_(std::make_unique_for_overwrite<std::uint32_t[]>(slots_)) {
    out_[0] = '\0';
    at_ = 1;
    offsets_[0] = 0;
    is_there_[0] = 1;
    read_run();
    write_runs();
  }

  // `name`, see Name, in the kernel's string section. It is put there if it is not there yet.
  std::uint32_t place(std::uint32_t name) {
    const std::size_t slot = string_slot(name);
    if ((is_there_[slot / 64] >> (slot % 64) & 1) != 0) [[likely]]
      return offsets_[slot];
    return first_use(name);
  }

  [[nodiscard]] bool is_complete() const {
    return !failed_ && runs_left_ == 0 && !has_run_ && at_ == out_.size();
  }

 private:
  std::uint32_t first_use(std::uint32_t name) {
    const auto offset = static_cast<std::uint32_t>(at_);
    write(name);
    --until_run_;
    write_runs();
    return offset;
  }

  // Also of a name that is there already. Counts it as written even where there is no room.
  void write(std::uint32_t name) {
    const std::string_view source = name < base_.size() ? base_ : added_;
    const std::size_t begin = name < base_.size() ? name : name - base_.size();
    const std::size_t slot = string_slot(name);
    is_there_[slot / 64] |= std::uint64_t{1} << (slot % 64);
    offsets_[slot] = static_cast<std::uint32_t>(at_);
    char* const to = out_.data() + at_;
    const char* const from = source.data() + begin;
    const std::size_t size = std::strlen(from) + 1;
    if (size > out_.size() - at_) {
      failed_ = true;
      return;
    }
    // Most are shorter, and copying a fixed number of bytes takes no decision.
    constexpr std::size_t kMost = 32;
    if (size <= kMost && source.size() - begin >= kMost && out_.size() - at_ >= kMost) [[likely]] {
      std::memcpy(to, from, kMost);
    } else {
      std::memcpy(to, from, size);
    }
    at_ += size;
  }

  void read_run() {
    has_run_ = runs_left_ != 0;
    if (!has_run_) return;
    --runs_left_;
    until_run_ = in_.number(Stream::kStringRuns);
    run_begin_ += unzigzag(in_.number(Stream::kStringRuns));
    run_count_ = in_.number(Stream::kStringRuns);
    // Four billion runs of nothing would take their time.
    if (run_count_ == 0 || in_.failed()) failed_ = true;
  }

  void write_runs() {
    while (has_run_ && until_run_ == 0 && !failed_) {
      std::uint32_t name = run_begin_;
      for (std::uint32_t i = 0; i < run_count_ && !failed_; ++i) {
        if (name >= base_.size() + added_.size()) {
          failed_ = true;
        } else {
          const std::size_t before = at_;
          write(name);
          name += static_cast<std::uint32_t>(at_ - before);
        }
      }
      if (failed_) return;
      read_run();
    }
  }

  std::string_view base_;
  std::string_view added_;
  StreamReader& in_;
  std::uint32_t runs_left_;
  std::span<char> out_;
  std::size_t at_ = 0;
  std::size_t slots_;
  std::vector<std::uint64_t> is_there_;       // a bit for each string_slot() of a name
  std::unique_ptr<std::uint32_t[]> offsets_;  // by string_slot(), where there

  bool has_run_ = false;
  std::uint32_t until_run_ = 0;
  std::uint32_t run_begin_ = 0;
  std::uint32_t run_count_ = 0;
  bool failed_ = false;
};

// The strings that the base does not have, as TypeCoder asks for them.
class AddedStrings {
 public:
  AddedStrings(std::size_t base_size, std::string_view added)
      : base_size_(static_cast<std::uint32_t>(base_size)), added_(added) {}

  // 0 where there is none left.
  std::uint32_t next() {
    if (at_ >= added_.size()) return 0;
    const std::uint32_t name = base_size_ + at_;
    at_ += static_cast<std::uint32_t>(string_at(added_, at_).size()) + 1;
    return name;
  }

  [[nodiscard]] std::uint32_t end() const {
    return base_size_ + static_cast<std::uint32_t>(added_.size());
  }

 private:
  std::uint32_t base_size_;
  std::string_view added_;
  std::uint32_t at_ = 0;
};

class Rebuilder {
 public:
  Rebuilder(const PlainBtf& base, StreamReader& in, std::span<std::byte> out)
      : base_(base), in_(in), out_(out), new_ids_(base.type_count()) {}

  Result<void> run() {
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
    added_ = {reinterpret_cast<const char*>(added.data()), added.size()};
    if (added.size() > out_.size()) return fail("the added strings do not fit");
    if (!added.empty() && added_.back() != '\0') return fail("the last string does not end");
    if (auto done = read_segments(segment_count); !done) return done;
    if (auto done = read_types(); !done) return done;
    write_header();
    if (auto done = write_sections(run_count); !done) return done;
    return patch(patch_count);
  }

 private:
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
        words += static_cast<std::uint64_t>(base_.words(segment.base + segment.count) -
                                            base_.words(segment.base));
      }
      id += segment.count;
      segments_.push_back(segment);
    }
    if (words > word_count_) return fail("the copied types do not fit");
    copied_words_ = static_cast<std::uint32_t>(words);
    return {};
  }

  Result<void> read_types() {
    AddedStrings strings(base_.strings().size(), added_);
    TypeCoder<StreamReader, AddedStrings> coder(in_, strings, new_ids_, spelled_);
    const std::size_t room = word_count_ - copied_words_;
    spelled_words_.reserve(room);
    std::uint32_t id = 1;
    for (const Segment& segment : segments_) {
      for (std::uint32_t i = 0; segment.from != Segment::From::kCopied && i < segment.count; ++i) {
        const bool like = segment.from == Segment::From::kLike;
        if (!coder.type(id + i, like ? base_.words(segment.base + i) : nullptr, spelled_words_,
                        room - spelled_words_.size())) {
          return fail("a type makes no sense");
        }
        spelled_ends_.push_back(static_cast<std::uint32_t>(spelled_words_.size()));
      }
      id += segment.count;
    }
    if (spelled_words_.size() != room) return fail("the types do not fill the type section");
    return {};
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

  Result<void> write_sections(std::uint32_t run_count) {
    const std::span<std::byte> strings =
        out_.subspan(sizeof(btf::Header) + std::size_t{4} * word_count_);
    StringWriter writer(base_.strings(), added_, in_, run_count,
                        {reinterpret_cast<char*>(strings.data()), strings.size()});
    std::byte* to = word_place(0);
    const std::uint32_t* spelled = spelled_words_.data();
    std::size_t type = 0;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      const Segment& segment = segments_[i];
      if (i + kAhead < segments_.size()) prefetch(segments_[i + kAhead]);
      if (segment.from == Segment::From::kCopied) {
        to = translate(base_.words(segment.base), base_.words(segment.base + segment.count), to,
                       writer, [this](std::uint32_t id) { return new_ids_[id]; });
      } else {
        type += segment.count;
        const std::uint32_t* const end = spelled_words_.data() + spelled_ends_[type - 1];
        to = translate(spelled, end, to, writer, [](std::uint32_t id) { return id; });
        spelled = end;
      }
    }
    if (in_.failed() || !writer.is_complete()) {
      return fail("the strings do not fill the string section");
    }
    return {};
  }

  // Segments jump about in the base.
  static constexpr std::size_t kAhead = 4;
  void prefetch(const Segment& segment) const {
    if (segment.from == Segment::From::kCopied) __builtin_prefetch(base_.words(segment.base));
  }

  // Writes the types in [from, end) to `to`. What comes behind them.
  template <class TranslateId>
  static std::byte* translate(const std::uint32_t* from, const std::uint32_t* end, std::byte* to,
                              StringWriter& strings, TranslateId&& translate_id) {
    const auto put = [&](std::size_t i, std::uint32_t word) { std::memcpy(to + 4 * i, &word, 4); };
    const auto name = [&](std::size_t i) { put(i, strings.place(from[i])); };
    const auto ref = [&](std::size_t i) { put(i, translate_id(from[i])); };
    const auto same = [&](std::size_t i) { put(i, from[i]); };
    while (from < end) {
      const std::uint32_t info = from[1];
      const std::uint32_t count = info & 0xffff;
      std::size_t size = 3;
      name(0);
      put(1, info);
      switch (static_cast<btf::Kind>((info >> 24) & 0x1f)) {
        case btf::Kind::kPtr:
        case btf::Kind::kTypedef:
        case btf::Kind::kVolatile:
        case btf::Kind::kConst:
        case btf::Kind::kRestrict:
        case btf::Kind::kFunc:
        case btf::Kind::kTypeTag:
          ref(2);
          break;
        case btf::Kind::kVar:
        case btf::Kind::kDeclTag:
          ref(2);
          same(3);
          size = 4;
          break;
        case btf::Kind::kArray:
          same(2);
          ref(3);
          ref(4);
          same(5);
          size = 6;
          break;
        case btf::Kind::kStruct:
        case btf::Kind::kUnion:
          same(2);
          for (std::uint32_t i = 0; i < count; ++i, size += 3) {
            name(size);
            ref(size + 1);
            same(size + 2);
          }
          break;
        case btf::Kind::kEnum:
          same(2);
          for (std::uint32_t i = 0; i < count; ++i, size += 2) {
            name(size);
            same(size + 1);
          }
          break;
        case btf::Kind::kEnum64:
          same(2);
          for (std::uint32_t i = 0; i < count; ++i, size += 3) {
            name(size);
            same(size + 1);
            same(size + 2);
          }
          break;
        case btf::Kind::kFuncProto:
          ref(2);
          for (std::uint32_t i = 0; i < count; ++i, size += 2) {
            name(size);
            ref(size + 1);
          }
          break;
        case btf::Kind::kDatasec:
          same(2);
          for (std::uint32_t i = 0; i < count; ++i, size += 3) {
            ref(size);
            same(size + 1);
            same(size + 2);
          }
          break;
        case btf::Kind::kInt:
          same(2);
          same(3);
          size = 4;
          break;
        case btf::Kind::kVoid:
        case btf::Kind::kFwd:
        case btf::Kind::kFloat:
          same(2);
          break;
      }
      from += size;
      to += 4 * size;
    }
    return to;
  }

  Result<void> patch(std::uint32_t count) {
    std::uint32_t place = 0;
    std::uint32_t id = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      place += in_.number(Stream::kPatchPlaces);
      id += unzigzag(in_.number(Stream::kPatchRefs));
      if (in_.failed() || place >= word_count_)
        return fail("a patch is outside of the type section");
      std::memcpy(word_place(place), &id, 4);
    }
    return {};
  }

  const PlainBtf& base_;
  StreamReader& in_;
  std::span<std::byte> out_;
  std::vector<std::uint32_t> new_ids_;
  std::uint32_t word_count_ = 0;  // of the type section
  std::uint32_t spelled_ = 0;
  std::uint32_t copied_words_ = 0;
  std::string_view added_;
  std::vector<Segment> segments_;
  std::vector<std::uint32_t> spelled_words_;
  std::vector<std::uint32_t> spelled_ends_;  // of each spelled type, in words
};

}  // namespace

Result<void> rebuild(const PlainBtf& base, std::span<const std::byte> coded,
                     std::span<std::byte> out) {
  auto in = StreamReader::open(coded, 8 * std::uint64_t{out.size()} + 4096);
  if (!in) return std::unexpected(std::move(in).error());
  return Rebuilder(base, *in, out).run();
}

}  // namespace btfbatch::pack
