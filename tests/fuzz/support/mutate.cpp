#include "tests/fuzz/support/mutate.h"

#include <cstring>

#include "core/elf/sections.h"

namespace btfbatch::fuzz {
namespace {

std::span<const std::byte> as_bytes(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

// A word that may mean something where another one stood: a very large or a small number such as a
// type ID, a word from elsewhere, or one bit more or less.
std::uint32_t plausible_word(std::span<const std::uint8_t> section, std::uint32_t old,
                             Random& random) {
  switch (random() >> 4 & 7) {
    case 0:
      return ~(static_cast<std::uint32_t>(random() >> 4 & 0xff));
    case 1:
    case 2:
      return static_cast<std::uint32_t>(random() >> 4 & 0x3f);
    case 3:
    case 4: {
      std::uint32_t word;
      std::memcpy(&word, &section[(random() >> 4) % (section.size() / 4) * 4], sizeof word);
      return word;
    }
    case 5:
    case 6:
      return old ^ 1U << (random() >> 4 & 31);
    default:
      return old + 1;
  }
}

}  // namespace

std::size_t mutate_btf(std::uint8_t* data, std::size_t size, std::size_t max_size, Random& random,
                       std::size_t trailing) {
  if (size < trailing) return size;
  auto btf = EditableBtf::read(as_bytes(data, size - trailing));
  if (!btf) return size;
  for (auto changes = 1 + (random() >> 4) % 4; changes > 0; --changes) btf->change(random);
  const auto bytes = btf->bytes();
  if (bytes.size() + trailing > max_size) return size;
  std::memmove(data + bytes.size(), data + size - trailing, trailing);
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size() + trailing;
}

std::size_t mutate_object(std::uint8_t* data, std::size_t size, Random& random, Where where) {
  const auto elf = read_elf(as_bytes(data, size));
  if (!elf || elf->sections.empty()) return size;
  const ElfSection* section = elf->find((random() >> 4 & 1) != 0 ? ".BTF" : ".BTF.ext");
  if (where == Where::kAnySection && (random() >> 4 & 1) != 0) {
    section = &elf->sections[(random() >> 4) % elf->sections.size()];
  }
  if (section == nullptr || section->bytes.size() < 4) return size;
  const auto begin =
      static_cast<std::size_t>(std::bit_cast<const std::uint8_t*>(section->bytes.data()) - data);
  std::span<std::uint8_t> bytes(data + begin, section->bytes.size());
  if (where == Where::kAnySection && (random() >> 4 & 15) == 0) bytes = {data, size};
  for (auto changes = 1 + (random() >> 4) % 3; changes > 0; --changes) {
    if ((random() >> 4 & 3) == 0) {
      // A character: the strings are a part of .BTF, access strings among them.
      static constexpr char kCharacters[] = "0123:_x";
      bytes[(random() >> 4) % bytes.size()] =
          static_cast<std::uint8_t>(kCharacters[(random() >> 4) % sizeof kCharacters]);
      continue;
    }
    std::uint8_t* place = &bytes[(random() >> 4) % (bytes.size() / 4) * 4];
    std::uint32_t word;
    std::memcpy(&word, place, sizeof word);
    word = plausible_word(bytes, word, random);
    std::memcpy(place, &word, sizeof word);
  }
  return size;
}

}  // namespace btfbatch::fuzz
