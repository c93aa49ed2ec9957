#include "core/btf/builder.h"

#include <cstring>

#include "core/btf/format.h"
#include "core/btf/visit.h"

namespace btfbatch {

BtfBuilder::BtfBuilder() : strings_(1, '\0') {
  offsets_.emplace("", 0);
}

std::uint32_t BtfBuilder::add_string(std::string_view text) {
  const auto [place, is_new] =
      offsets_.try_emplace(std::string(text), static_cast<std::uint32_t>(strings_.size()));
  if (is_new) {
    strings_ += text;
    strings_ += '\0';
  }
  return place->second;
}

std::uint32_t BtfBuilder::add_type(std::span<const std::uint32_t> words) {
  types_.insert(types_.end(), words.begin(), words.end());
  return ++type_count_;
}

std::vector<std::byte> BtfBuilder::finish(std::span<const std::uint32_t> new_ids) {
  std::size_t at = 0;
  while (at < types_.size()) {
    std::uint32_t* words = &types_[at];
    btf::visit_words(words, [](std::uint32_t) {}, [&](std::uint32_t& id) { id = new_ids[id]; });
    at += btf::type_size(words[1]) / sizeof(std::uint32_t);
  }

  const auto type_size = static_cast<std::uint32_t>(types_.size() * sizeof(std::uint32_t));
  const auto string_size = static_cast<std::uint32_t>(strings_.size());
  const btf::Header header{.magic = btf::kMagic,
                           .version = btf::kVersion,
                           .flags = 0,
                           .header_size = btf::kHeaderSize,
                           .type_offset = 0,
                           .type_size = type_size,
                           .string_offset = type_size,
                           .string_size = string_size};
  std::vector<std::byte> bytes(sizeof header + type_size + string_size);
  std::memcpy(bytes.data(), &header, sizeof header);
  if (type_size > 0) std::memcpy(bytes.data() + sizeof header, types_.data(), type_size);
  std::memcpy(bytes.data() + sizeof header + type_size, strings_.data(), string_size);
  return bytes;
}

}  // namespace btfbatch
