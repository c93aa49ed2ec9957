// Memory for one kernel's BTF, used again for the next one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <utility>
#include <vector>

namespace btfbatch {

// Bytes that grow at their end, or someone else's, which do not. Unlike a std::vector it does not
// write zeros first (a second pass over 5 MB), and it grows with realloc, which moves pages rather
// than bytes.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::move(other.data_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)),
        borrowed_(std::exchange(other.borrowed_, {})),
        lender_(std::move(other.lender_)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(borrowed_, other.borrowed_);
    std::swap(lender_, other.lender_);
    return *this;
  }

  [[nodiscard]] std::size_t size() const { return bytes().size(); }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  // Aligned for any type; valid until the next change.
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return lender_ != nullptr ? borrowed_ : std::span<const std::byte>(data_.get(), size_);
  }

  // Puts bytes in place of what it holds that live as long as `lender` does. Before anything else
  // is put there, it has to be cleared.
  void borrow(std::span<const std::byte> bytes, std::shared_ptr<const void> lender) {
    size_ = 0;
    borrowed_ = bytes;
    lender_ = std::move(lender);
  }

  // Makes room for `capacity` bytes in all.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) {
      return;
    }
    auto* grown = static_cast<std::byte*>(std::realloc(data_.get(), capacity));
    if (grown == nullptr) {
      throw std::bad_alloc();
    }
    (void)data_.release();  // realloc has freed or kept it
    data_.reset(grown);
    capacity_ = capacity;
  }

  void append(std::span<const std::byte> bytes) {
    if (!bytes.empty()) {
      std::memcpy(extend(bytes.size()), bytes.data(), bytes.size());
    }
  }
  // Appends `count` bytes for the caller to fill; until then they may be anything.
  [[nodiscard]] std::span<std::byte> append_unfilled(std::size_t count) {
    return {extend(count), count};
  }
  void append_zeros(std::size_t count) {
    if (count != 0) {
      std::memset(extend(count), 0, count);
    }
  }

  // Drops what lies behind `begin`, but for the `size` bytes at `offset`, which move there. All lie
  // within size().
  void keep_behind(std::size_t begin, std::size_t offset, std::size_t size) {
    if (size != 0 && offset != begin) {
      std::memmove(data_.get() + begin, data_.get() + offset, size);
    }
    size_ = begin + size;
  }
  void shorten(std::size_t size) { size_ = size; }
  void clear() {
    size_ = 0;
    lender_.reset();
  }

 private:
  struct Free {
    void operator()(std::byte* memory) const { std::free(memory); }
  };

  // Returns where `count` new bytes begin.
  std::byte* extend(std::size_t count) {
    if (count > capacity_ - size_) {
      reserve(std::max(size_ + count, capacity_ + capacity_ / 2));
    }
    std::byte* const begin = data_.get() + size_;
    size_ += count;
    return begin;
  }

  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::span<const std::byte> borrowed_;  // valid while there is a lender
  std::shared_ptr<const void> lender_;
};

// Hands out buffers that were used before, since fresh memory costs a page fault for each 4 KiB.
// Holds no more buffers than were ever out at once. Thread-safe.
class BufferPool {
 public:
  // An empty buffer.
  [[nodiscard]] Buffer take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
      return {};
    }
    Buffer buffer = std::move(free_.back());
    free_.pop_back();
    return buffer;
  }

  void give_back(Buffer buffer) {
    // A rare 27 MB kernel should not leave each thread with as much for the rest of the run.
    constexpr std::size_t kLargestKept = 12U << 20;
    buffer.clear();
    if (buffer.capacity() == 0 || buffer.capacity() > kLargestKept) {
      return;
    }
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(buffer));
  }

 private:
  std::mutex mutex_;
  std::vector<Buffer> free_;
};

}  // namespace btfbatch
