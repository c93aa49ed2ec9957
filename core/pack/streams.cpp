#include "core/pack/streams.h"

#include <fmt/format.h>

#include <optional>

#include "core/pack/zstd_frame.h"

namespace btfbatch::pack {
namespace {

// Below this a frame's own header eats what it saves.
constexpr std::size_t kSmallestFrame = 24;
constexpr std::size_t kLargeStream = 4 * 1024 * 1024;
constexpr int kLevel = 19;
constexpr int kLevelForLarge = 9;

void append_number(std::vector<std::byte>& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<std::byte>(value | 0x80));
  bytes.push_back(static_cast<std::byte>(value));
}

std::optional<std::uint64_t> take_number(std::span<const std::byte>& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 42 && !bytes.empty(); shift += 7) {
    const auto byte = std::to_integer<std::uint64_t>(bytes.front());
    bytes = bytes.subspan(1);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

}  // namespace

// Of each stream: its size, the size it is stored in (not for empty ones). Then the streams, each
// compressed if its two sizes differ.
Result<void> StreamWriter::append_to(std::vector<std::byte>& coded, Form form) const {
  std::vector<std::byte> stored;
  for (const auto& stream : streams_) {
    append_number(coded, stream.size());
    if (stream.empty()) continue;
    std::vector<std::byte> frame;
    if (form == Form::kCompressed && stream.size() >= kSmallestFrame) {
      auto compressed =
          compress_frame(stream, {}, stream.size() > kLargeStream ? kLevelForLarge : kLevel);
      if (!compressed) return std::unexpected(std::move(compressed).error());
      frame = *std::move(compressed);
    }
    const auto& smaller = !frame.empty() && frame.size() < stream.size() ? frame : stream;
    append_number(coded, smaller.size());
    stored.insert(stored.end(), smaller.begin(), smaller.end());
  }
  coded.insert(coded.end(), stored.begin(), stored.end());
  return {};
}

std::uint32_t StreamReader::long_number(Left& left) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 35 && left.at != left.end; shift += 7) {
    const auto byte = std::to_integer<std::uint32_t>(*left.at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  failed_ = true;
  return 0;
}

Result<StreamReader> StreamReader::open(std::span<const std::byte> coded, std::uint64_t max_size) {
  struct Sizes {
    std::uint64_t raw = 0;
    std::uint64_t stored = 0;
  };
  std::array<Sizes, kStreamCount> sizes;
  std::uint64_t total = 0;
  for (auto& [raw, stored] : sizes) {
    const auto size = take_number(coded);
    if (!size) return fail("the list of streams is cut short");
    raw = *size;
    total += raw;
    if (raw == 0) continue;
    const auto in_file = take_number(coded);
    if (!in_file) return fail("the list of streams is cut short");
    stored = *in_file;
  }
  if (total > max_size) {
    return fail(fmt::format("the streams claim to hold {} bytes, more than {}", total, max_size));
  }
  StreamReader reader;
  reader.expanded_.resize(total);
  FrameExpander expander;
  std::span<std::byte> room = reader.expanded_;
  for (std::size_t i = 0; i < kStreamCount; ++i) {
    const auto [raw, stored] = sizes[i];
    if (stored > coded.size()) return fail(fmt::format("stream {} is cut short", i));
    if (raw == stored) {
      reader.left_[i] = {coded.data(), coded.data() + stored};
    } else {
      if (auto done = expander.expand(coded.first(stored), {}, room.first(raw)); !done) {
        return fail_within(fmt::format("stream {}", i), std::move(done).error());
      }
      reader.left_[i] = {room.data(), room.data() + raw};
      room = room.subspan(raw);
    }
    coded = coded.subspan(stored);
  }
  if (!coded.empty()) return fail(fmt::format("{} bytes behind the last stream", coded.size()));
  return reader;
}

}  // namespace btfbatch::pack
