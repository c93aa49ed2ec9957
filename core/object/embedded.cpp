// Only 64-bit images count: clang makes no other for eBPF. Of the header we read what tells the
// image's reach: section headers and the sections they name. That the image is whole is all that is
// asked here; what is in it is parse_object's matter.
//
// In a hostile file a million headers can all lead to one table of 65,535 sections, of which the
// last one leads outside. So no more section headers are read than would fill the file some times.
#include "core/object/embedded.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/bytes/reader.h"
#include "core/elf/sections.h"

namespace btfbatch {
namespace {

// Section headers that may be read in a file of `size` bytes, all of its images together.
std::uint64_t most_section_headers(std::size_t size) {
  constexpr std::uint64_t kOfAnyFile = 1U << 20;
  return std::max<std::uint64_t>(kOfAnyFile, size / sizeof(Elf64_Shdr) * 8);
}

// The size of the eBPF ELF image that `bytes` begin with, or nothing where they begin with none.
// Takes the section headers that it reads from `headers_left`; gives up where none are left.
std::optional<std::uint64_t> image_size(std::span<const std::byte> bytes,
                                        std::uint64_t& headers_left) {
  if (bytes.size() < sizeof(Elf64_Ehdr)) return std::nullopt;
  if (std::to_integer<int>(bytes[EI_CLASS]) != ELFCLASS64) return std::nullopt;
  const int data = std::to_integer<int>(bytes[EI_DATA]);
  if (data != ELFDATA2LSB && data != ELFDATA2MSB) return std::nullopt;
  const ByteReader reader(bytes, data == ELFDATA2MSB);

  if (reader.read<std::uint16_t>(offsetof(Elf64_Ehdr, e_machine)) != kMachineBpf) {
    return std::nullopt;
  }
  const std::uint64_t table = reader.read<std::uint64_t>(offsetof(Elf64_Ehdr, e_shoff)).value();
  const std::uint64_t entry = reader.read<std::uint16_t>(offsetof(Elf64_Ehdr, e_shentsize)).value();
  const std::uint64_t count = reader.read<std::uint16_t>(offsetof(Elf64_Ehdr, e_shnum)).value();
  if (entry != sizeof(Elf64_Shdr) || count == 0) return std::nullopt;
  if (!subspan_checked(bytes, table, entry * count)) return std::nullopt;

  std::uint64_t end = table + entry * count;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (headers_left == 0) return std::nullopt;
    --headers_left;
    const std::uint64_t header = table + i * entry;
    if (reader.read<std::uint32_t>(header + offsetof(Elf64_Shdr, sh_type)).value() == SHT_NOBITS)
      continue;
    const std::uint64_t offset =
        reader.read<std::uint64_t>(header + offsetof(Elf64_Shdr, sh_offset)).value();
    const std::uint64_t size =
        reader.read<std::uint64_t>(header + offsetof(Elf64_Shdr, sh_size)).value();
    if (!subspan_checked(bytes, offset, size)) return std::nullopt;
    end = std::max(end, offset + size);
  }
  return end;
}

}  // namespace

std::vector<EmbeddedObject> find_embedded_objects(std::span<const std::byte> file) {
  static constexpr std::string_view kElfMagic =
      "\x7f"
      "ELF";
  std::vector<EmbeddedObject> found;
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  std::size_t at = 0;
  std::uint64_t headers_left = most_section_headers(file.size());
  while (headers_left > 0 && (at = text.find(kElfMagic, at)) != std::string_view::npos) {
    const auto rest = file.subspan(at);
    if (const auto size = image_size(rest, headers_left)) {
      found.push_back({at, rest.first(*size)});
      at += *size;
    } else {
      at += kElfMagic.size();
    }
  }
  return found;
}

}  // namespace btfbatch
