#include "core/pack/plain_btf.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/btf/visit.h"

namespace btfbatch::pack {
namespace {

std::optional<btf::Header> plain_header(std::span<const std::byte> bytes) {
  btf::Header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  const bool plain =
      header.magic == btf::kMagic && header.version == btf::kVersion && header.flags == 0 &&
      header.header_size == btf::kHeaderSize && header.type_offset == 0 &&
      header.string_offset == header.type_size && header.type_size % 4 == 0 &&
      std::uint64_t{btf::kHeaderSize} + header.type_size + header.string_size == bytes.size();
  if (!plain) return std::nullopt;
  return header;
}

// Whether all names of the types are beginnings of strings.
bool names_are_strings(const PlainBtf& btf, const StringStarts& starts) {
  bool good = true;
  for (std::uint32_t id = 1; id < btf.type_count(); ++id) {
    btf::visit_words(
        btf.words(id),
        [&](std::uint32_t name) {
          const std::uint32_t ordinal = starts.ordinal(name);
          good = good && ordinal != StringStarts::kNoString && starts.offsets[ordinal] == name;
        },
        [](std::uint32_t) {});
  }
  return good;
}

bool are_distinct(const StringStarts& starts, std::string_view strings) {
  // Open addressing over the hashes; bytes are compared only where hashes are equal.
  const std::size_t mask = std::bit_ceil(starts.offsets.size() * 2) - 1;
  std::vector<std::uint32_t> table(mask + 1, StringStarts::kNoString);
  for (std::uint32_t i = 0; i < starts.offsets.size(); ++i) {
    std::size_t at = starts.hashes[i] & mask;
    for (; table[at] != StringStarts::kNoString; at = (at + 1) & mask) {
      if (starts.hashes[table[at]] == starts.hashes[i] &&
          string_at(strings, starts.offsets[table[at]]) == string_at(strings, starts.offsets[i])) {
        return false;
      }
    }
    table[at] = i;
  }
  return true;
}

}  // namespace

PlainBtf::PlainBtf(BtfView view, std::uint32_t word_count)
    : view_(std::move(view)), word_count_(word_count) {
  end_ = view_.type_count() == 1 ? nullptr
                                 : std::bit_cast<const std::uint32_t*>(&view_.type(1)) + word_count;
}

std::optional<PlainBtf> PlainBtf::open(std::span<const std::byte> btf) {
  const auto header = plain_header(btf);
  if (!header) return std::nullopt;
  auto view = BtfView::open(btf);
  if (!view) return std::nullopt;
  return PlainBtf(*std::move(view), header->type_size / 4);
}

PlainBtf PlainBtf::made(std::span<const std::byte> btf, std::uint32_t word_count,
                        std::vector<std::uint32_t> offsets) {
  const auto sections = btf.subspan(btf::kHeaderSize);
  const std::size_t type_size = std::size_t{4} * word_count;
  return {BtfView::of_checked(sections.first(type_size), sections.subspan(type_size),
                              std::move(offsets)),
          word_count};
}

PlainBtf PlainBtf::empty() {
  static constexpr btf::Header kHeader = {.magic = btf::kMagic,
                                          .version = btf::kVersion,
                                          .flags = 0,
                                          .header_size = btf::kHeaderSize,
                                          .type_offset = 0,
                                          .type_size = 0,
                                          .string_offset = 0,
                                          .string_size = 1};
  alignas(4) static constexpr auto kBytes = [] {
    const auto header = std::bit_cast<std::array<std::byte, sizeof kHeader>>(kHeader);
    std::array<std::byte, sizeof kHeader + 1> bytes{};
    std::ranges::copy(header, bytes.begin());
    return bytes;
  }();
  return open(kBytes).value();
}

std::optional<StringStarts> StringStarts::of(const PlainBtf& btf) {
  const std::string_view strings = btf.strings();
  StringStarts starts;
  starts.offsets.reserve(strings.size() / 16);
  starts.ordinals.assign(string_slot(static_cast<std::uint32_t>(strings.size())) + 1, kNoString);
  for (std::uint32_t at = 0; at < strings.size();) {
    const std::string_view string = string_at(strings, at);
    if (string.empty() && at != 0) return std::nullopt;
    starts.ordinals[string_slot(at)] = static_cast<std::uint32_t>(starts.offsets.size());
    starts.offsets.push_back(at);
    starts.hashes.push_back(XXH3_64bits(string.data(), string.size()));
    at += static_cast<std::uint32_t>(string.size()) + 1;
  }
  if (!names_are_strings(btf, starts) || !are_distinct(starts, strings)) return std::nullopt;
  return starts;
}

}  // namespace btfbatch::pack
