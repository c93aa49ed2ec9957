// Writing a kernel's string section while its types are written.
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
  std::uint32_t place(std::uint32_t name) { return placed().find(name, *this); }

  // Where names lie, for many of them in a row. Valid as long as the writer is.
  struct Placed {
    const std::uint64_t* is_there;
    const std::uint32_t* offsets;

    // As place(), of the same writer.
    std::uint32_t find(std::uint32_t name, StringWriter& writer) const {
      const std::size_t slot = string_slot(name);
      if ((is_there[slot / 64] >> (slot % 64) & 1) != 0) [[likely]]
        return offsets[slot];
      return writer.first_use(name);
    }
  };
  [[nodiscard]] Placed placed() const { return {is_there_.data(), offsets_.get()}; }

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

}  // namespace btfbatch::pack
