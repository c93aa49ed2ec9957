#include "core/elf/sections.h"

#include <fmt/format.h>
#include <gelf.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "core/bytes/reader.h"

namespace btfbatch {
namespace {

struct ElfEnd {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

// Bytes of a section's name that are kept: a hostile file can give one name of megabytes to each of
// its sections.
constexpr std::size_t kMaxSectionName = 255;

[[nodiscard]] std::unexpected<Error> fail_elf(std::string_view doing) {
  const char* reason = elf_errmsg(-1);
  return fail(fmt::format("ELF: {}: {}", doing, reason != nullptr ? reason : "unknown reason"));
}

}  // namespace

const ElfSection* ElfFile::find(std::string_view name) const {
  const auto found = std::ranges::find(sections, name, &ElfSection::name);
  return found == sections.end() ? nullptr : &*found;
}

bool has_elf_magic(std::span<const std::byte> bytes) {
  return bytes.size() >= SELFMAG && std::memcmp(bytes.data(), ELFMAG, SELFMAG) == 0;
}

Result<ElfFile> read_elf(std::span<const std::byte> bytes) {
  if (!has_elf_magic(bytes)) return fail("ELF: file does not begin with its magic");
  elf_version(EV_CURRENT);
  // libelf asks for mutable bytes for the sake of its writers; a handle opened so is only read.
  const ElfHandle elf(
      elf_memory(const_cast<char*>(reinterpret_cast<const char*>(bytes.data())), bytes.size()));
  if (elf == nullptr) return fail_elf("open");
  GElf_Ehdr header;
  if (gelf_getehdr(elf.get(), &header) == nullptr) return fail_elf("read header");
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf.get(), &names) != 0) return fail_elf("find section names");

  ElfFile file;
  file.machine = header.e_machine;
  file.big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf.get(), section)) != nullptr;) {
    GElf_Shdr section_header;
    if (gelf_getshdr(section, &section_header) == nullptr) return fail_elf("read section header");
    const char* name = elf_strptr(elf.get(), names, section_header.sh_name);
    if (name == nullptr) return fail_elf("read section name");
    std::span<const std::byte> content;
    if (section_header.sh_type != SHT_NOBITS) {
      const auto found = subspan_checked(bytes, section_header.sh_offset, section_header.sh_size);
      if (!found) {
        return fail(fmt::format("ELF: section {:.{}}: {} bytes at {}, file has {}", name,
                                kMaxSectionName, section_header.sh_size, section_header.sh_offset,
                                bytes.size()));
      }
      content = *found;
    }
    file.sections.push_back({.name = std::string(name, strnlen(name, kMaxSectionName)),
                             .bytes = content,
                             .type = section_header.sh_type,
                             .size = section_header.sh_size,
                             .link = section_header.sh_link,
                             .info = section_header.sh_info});
  }
  return file;
}

}  // namespace btfbatch
