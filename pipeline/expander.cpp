#include "pipeline/expander.h"

#include <archive_entry.h>
#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace btfbatch {
namespace {

// Large enough that a kernel's 1 MB takes few system calls, small enough to stay in the cache.
constexpr std::size_t kReadSize = 256U << 10;

std::uint32_t read_le32(std::span<const std::byte, 4> bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.contains(word); });
}

}  // namespace

Expander::Expander(UniqueFd file, std::span<const std::byte> memory, Limits limits)
    : file_(std::move(file)), memory_(memory), limits_(limits) {}

Result<std::unique_ptr<Expander>> Expander::open(UniqueFd file, Limits limits) {
  std::unique_ptr<Expander> expander(new Expander(std::move(file), {}, limits));
  expander->input_.resize(kReadSize);
  return start(std::move(expander));
}

Result<std::unique_ptr<Expander>> Expander::open(std::span<const std::byte> bytes, Limits limits) {
  return start(std::unique_ptr<Expander>(new Expander(UniqueFd(), bytes, limits)));
}

Result<std::unique_ptr<Expander>> Expander::start(std::unique_ptr<Expander> expander) {
  ArchiveHandle& handle = expander->archive_;
  handle.reset(archive_read_new());
  if (handle == nullptr) {
    throw std::bad_alloc();
  }
  archive* const a = handle.get();
  // Named one by one: "all" has filters that start other programs.
  archive_read_support_filter_xz(a);
  archive_read_support_filter_lzma(a);
  archive_read_support_filter_zstd(a);
  archive_read_support_filter_gzip(a);
  archive_read_support_filter_bzip2(a);
  archive_read_support_filter_lz4(a);
  archive_read_support_format_raw(a);
  archive_entry* entry = nullptr;
  if (archive_read_open(a, expander.get(), nullptr, read_more, nullptr) != ARCHIVE_OK ||
      archive_read_next_header(a, &entry) != ARCHIVE_OK) {
    return std::unexpected(expander->describe_failure());
  }
  // Two filters: gzip, and the reading of the file itself.
  expander->is_gzip_ =
      archive_filter_code(a, 0) == ARCHIVE_FILTER_GZIP && archive_filter_count(a) == 2;
  expander->compression_ = archive_filter_name(a, 0);
  return expander;
}

la_ssize_t Expander::read_more(archive* a, void* self, const void** block) {
  auto& me = *static_cast<Expander*>(self);
  if (me.file_.get() < 0) {
    const std::span<const std::byte> all = std::exchange(me.memory_, {});
    me.remember_tail(all);
    *block = all.data();
    return static_cast<la_ssize_t>(all.size());
  }
  ssize_t got = 0;
  do {
    got = read(me.file_.get(), me.input_.data(), me.input_.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    me.read_error_ = errno;
    archive_set_error(a, errno, "read failed");
    return -1;
  }
  me.remember_tail(std::span(me.input_).first(static_cast<std::size_t>(got)));
  *block = me.input_.data();
  return got;
}

Result<std::span<const std::byte>> Expander::peek() {
  if (!peeked_) {
    Result<std::span<const std::byte>> block = expand_block();
    if (!block) {
      return block;
    }
    peeked_ = *block;
  }
  return *peeked_;
}

Result<std::span<const std::byte>> Expander::next() {
  if (peeked_) {
    const std::span<const std::byte> block = *peeked_;
    peeked_.reset();
    return block;
  }
  return expand_block();
}

Result<std::span<const std::byte>> Expander::expand_block() {
  if (limits_.stop != nullptr && limits_.stop->stopped()) {
    return fail("stopped");
  }
  const void* data = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  int result = ARCHIVE_OK;
  do {
    result = archive_read_data_block(archive_.get(), &data, &size, &offset);
  } while (result == ARCHIVE_OK && size == 0);
  if (result == ARCHIVE_EOF) {
    if (is_gzip_) {
      if (Result<void> checked = check_gzip_trailer(); !checked) {
        return std::unexpected(std::move(checked).error());
      }
    }
    return std::span<const std::byte>();
  }
  if (result != ARCHIVE_OK) {
    return std::unexpected(describe_failure());
  }
  expanded_ += size;
  if (expanded_ > limits_.max_expanded) {
    return fail(fmt::format("too large: expands to more than {} bytes", limits_.max_expanded));
  }
  const std::span block(static_cast<const std::byte*>(data), size);
  if (is_gzip_) {
    gzip_crc_ = crc32_z(gzip_crc_, reinterpret_cast<const Bytef*>(block.data()), block.size());
  }
  return block;
}

void Expander::remember_tail(std::span<const std::byte> block) {
  const auto is_zero = [](std::byte b) { return b == std::byte{0}; };
  const auto last = std::find_if_not(block.rbegin(), block.rend(), is_zero);
  const auto kept = block.first(static_cast<std::size_t>(block.rend() - last));
  if (!kept.empty()) {
    const std::size_t zeros = std::min(zeros_behind_tail_, tail_.size());
    const std::size_t fresh = std::min(kept.size(), tail_.size());
    std::shift_left(tail_.begin(), tail_.end(), static_cast<std::ptrdiff_t>(zeros));
    std::fill(tail_.end() - static_cast<std::ptrdiff_t>(zeros), tail_.end(), std::byte{0});
    std::shift_left(tail_.begin(), tail_.end(), static_cast<std::ptrdiff_t>(fresh));
    std::ranges::copy(kept.last(fresh), tail_.end() - static_cast<std::ptrdiff_t>(fresh));
    zeros_behind_tail_ = 0;
  }
  zeros_behind_tail_ += block.size() - kept.size();
}

Result<void> Expander::check_gzip_trailer() const {
  // The trailer may end with zeros of its own, and a padded file has further ones behind it.
  std::array<std::byte, 8> trailer = tail_;
  for (std::size_t zeros = 0;; ++zeros) {
    if (read_le32(std::span(trailer).first<4>()) == gzip_crc_ &&
        read_le32(std::span(trailer).last<4>()) == static_cast<std::uint32_t>(expanded_)) {
      return {};
    }
    if (zeros == std::min(zeros_behind_tail_, trailer.size())) {
      return fail("corrupt: gzip's checksum does not match the content");
    }
    std::shift_left(trailer.begin(), trailer.end(), 1);
    trailer.back() = std::byte{0};
  }
}

// libarchive's messages are those of each compression's library. They are put into one set of
// words; its own follow in brackets.
Error Expander::describe_failure() const {
  if (read_error_ != 0) {
    return Error{fmt::format("cannot be read: {}", errno_text(read_error_))};
  }
  const char* const text = archive_error_string(archive_.get());
  const std::string_view message = text != nullptr ? text : "";
  const char* const name = archive_filter_name(archive_.get(), 0);
  const std::string_view compression =
      name != nullptr && std::string_view(name) != "none" ? name : "compressed";
  // "No progress is possible" is liblzma's word for input that ends too early. "Unrecognized" is
  // what the raw format says of no bytes at all. A gzip file without its trailer has no message.
  if (contains_any(message, {"No progress is possible", "truncated", "Truncated"}) ||
      message.empty()) {
    return Error{fmt::format("truncated: its {} data ends too early", compression)};
  }
  if (message.contains("Unrecognized archive format")) {
    return Error{"empty: nothing in it"};
  }
  if (contains_any(message, {"Corrupted", "corruption", "failed", "checksum"})) {
    return Error{fmt::format("corrupt: its {} data is damaged ({})", compression, message)};
  }
  return Error{fmt::format("cannot be expanded: {}", message)};
}

}  // namespace btfbatch
