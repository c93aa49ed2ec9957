// Laying out a kernel's string section while its types are written.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/pack/plain_btf.h"
#include "core/pack/streams.h"

namespace btfbatch::pack {

// The strings that the base does not have, in the order in which they are first needed.
class AddedStrings {
 public:
  // `text` is empty or ends with NUL.
  explicit AddedStrings(std::string_view text) : text_(text) {
    for (std::size_t at = 0; at < text.size(); at += std::strlen(text.data() + at) + 1) {
      starts_.push_back(static_cast<std::uint32_t>(at));
    }
    count_ = static_cast<std::uint32_t>(starts_.size());
    starts_.push_back(static_cast<std::uint32_t>(text.size()));
  }

  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  // Of each, and the end of the last one.
  [[nodiscard]] std::span<const std::uint32_t> starts() const { return starts_; }

 private:
  std::string_view text_;
  std::vector<std::uint32_t> starts_;
  std::uint32_t count_ = 0;
};

// Tells where in the kernel's string section each name comes to lie, in the order in which they are
// asked for: behind all others where it was not asked for before. Sources are ordinals of the
// base's strings, and behind them of the added ones. The strings themselves are written in the end,
// those that lie side by side in one go.
class StringOrder {
 public:
  // The base's strings; `base_starts` as in RebuildBase. All are borrowed.
  StringOrder(std::string_view base, std::span<const std::uint32_t> base_starts,
              const AddedStrings& added, StreamReader& in, std::uint32_t run_count)
      : base_(base),
        base_starts_(base_starts),
        base_count_(static_cast<std::uint32_t>(base_starts.size()) - 1),
        added_(added),
        in_(in),
        runs_left_(run_count),
        ordinals_(std::size_t{base_count_} + added.count(), kNone),
        sources_(std::make_unique_for_overwrite<std::uint32_t[]>(ordinals_.size() + 1)),
        starts_(ordinals_.size() + 1) {
    next_.ordinals = ordinals_.data();
    next_.sources = sources_.get();
    next_.starts = starts_.data();
    next_.add(0, 1);  // the empty string
    read_run();
    write_runs();
  }

  // What is known of the order so far, to be kept in registers while many names are placed that are
  // the base's.
  struct Next {
    std::uint32_t* ordinals;   // by source; kNone where it was not asked for
    std::uint32_t* sources;    // by ordinal in the kernel
    std::uint32_t* starts;     // by ordinal in the kernel
    std::uint32_t count = 0;   // of ordinals
    std::uint32_t at = 0;      // where the next string will begin
    std::uint32_t run_at = 0;  // where in the order the next run stands

    // The ordinal of `source`, which takes `size` bytes. Whether it is asked for the first time is
    // hard to predict, and so is no branch: kNone alone has the highest bit.
    std::uint32_t add(std::uint32_t source, std::uint32_t size) {
      const std::uint32_t known = ordinals[source];
      const std::uint32_t is_new = known >> 31;
      const std::uint32_t mask = 0 - is_new;
      const std::uint32_t ordinal = (known & ~mask) | (count & mask);
      ordinals[source] = ordinal;
      sources[count] = source;
      starts[count] = at;
      at += size & mask;
      count += is_new;
      return ordinal;
    }
  };
  [[nodiscard]] Next next() const { return next_; }

  // Takes back what next() gave, with all that was added to it since. To be called as soon as its
  // count is its run_at.
  void set_next(Next next) {
    next_ = next;
    write_runs();
  }

  // The ordinal of any source.
  std::uint32_t add(std::uint32_t source) {
    const std::uint32_t ordinal = next_.add(source, size_of(source));
    write_runs();
    return ordinal;
  }
  // Where a string lies that was added.
  [[nodiscard]] std::uint32_t start(std::uint32_t ordinal) const { return starts_[ordinal]; }

  // Writes the string section. False where it is not `out` that the strings fill.
  [[nodiscard]] bool write(std::span<char> out) const {
    if (failed_ || runs_left_ != 0 || next_.run_at != kNone || next_.at != out.size()) return false;
    for (std::uint32_t i = 0; i < next_.count;) {
      const std::uint32_t source = sources_[i];
      const std::uint32_t last = source < base_count_ ? base_count_ : kNone;
      const std::uint32_t first = i++;
      while (i < next_.count && sources_[i] == source + (i - first) && sources_[i] != last) ++i;
      const std::uint32_t end = i < next_.count ? starts_[i] : next_.at;
      copy(source, out, starts_[first], end - starts_[first]);
    }
    return true;
  }

  // The starts of all strings, and the end of the last one. Leaves nothing behind.
  [[nodiscard]] std::vector<std::uint32_t> take_starts() {
    starts_.resize(next_.count);
    starts_.push_back(next_.at);
    return std::move(starts_);
  }

  static constexpr std::uint32_t kNone = 0xffffffff;

 private:
  [[nodiscard]] std::uint32_t size_of(std::uint32_t source) const {
    if (source < base_count_) return base_starts_[source + 1] - base_starts_[source];
    return added_.starts()[source - base_count_ + 1] - added_.starts()[source - base_count_];
  }

  void copy(std::uint32_t source, std::span<char> out, std::size_t at, std::size_t size) const {
    const bool is_base = source < base_count_;
    const std::string_view text = is_base ? base_ : added_.text();
    const std::size_t begin =
        is_base ? base_starts_[source] : added_.starts()[source - base_count_];
    // Most are shorter, and copying a fixed number of bytes takes no decision.
    constexpr std::size_t kMost = 32;
    if (size <= kMost && text.size() - begin >= kMost && out.size() - at >= kMost) [[likely]] {
      std::memcpy(out.data() + at, text.data() + begin, kMost);
    } else {
      std::memcpy(out.data() + at, text.data() + begin, size);
    }
  }

  void read_run() {
    next_.run_at = kNone;
    if (runs_left_ == 0) return;
    --runs_left_;
    next_.run_at = next_.count + in_.number(Stream::kStringRuns);
    run_begin_ += unzigzag(in_.number(Stream::kStringRuns));
    run_count_ = in_.number(Stream::kStringRuns);
  }

  void write_runs() {
    while (next_.count == next_.run_at) {
      // Each string is there once, which bounds what is done here.
      if (run_count_ == 0 || run_count_ > ordinals_.size() - next_.count || in_.failed() ||
          run_begin_ > ordinals_.size() - run_count_) {
        return fail();
      }
      for (std::uint32_t i = 0; i < run_count_; ++i) {
        if (ordinals_[run_begin_ + i] != kNone) return fail();
        next_.add(run_begin_ + i, size_of(run_begin_ + i));
      }
      read_run();
    }
  }

  void fail() {
    failed_ = true;
    next_.run_at = kNone;
  }

  std::string_view base_;
  std::span<const std::uint32_t> base_starts_;
  std::uint32_t base_count_;
  const AddedStrings& added_;
  StreamReader& in_;
  std::uint32_t runs_left_;

  std::vector<std::uint32_t> ordinals_;       // by source
  std::unique_ptr<std::uint32_t[]> sources_;  // by ordinal; one more than there can be
  std::vector<std::uint32_t> starts_;         // by ordinal; one more than there can be
  Next next_{};

  std::uint32_t run_begin_ = 0;
  std::uint32_t run_count_ = 0;
  bool failed_ = false;
};

}  // namespace btfbatch::pack
