#include "core/elf/relocatable.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include "core/kernel_identity.h"

namespace btfbatch {
namespace {

struct ElfEnd {
  void operator()(Elf* elf) const { elf_end(elf); }
};
using ElfHandle = std::unique_ptr<Elf, ElfEnd>;

// libelf writes to file descriptors alone: this one is memory.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("btfbatch-elf", MFD_CLOEXEC)) {}
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() {
    if (fd_ >= 0) {
      close(fd_);
    }
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

[[nodiscard]] std::unexpected<Error> fail_elf(std::string_view doing) {
  const char* reason = elf_errmsg(-1);
  return fail(fmt::format("ELF: {}: {}", doing, reason != nullptr ? reason : "unknown reason"));
}

// A table of strings, each ended by a zero byte, after an empty one.
class Strings {
 public:
  std::size_t add(std::string_view text) {
    const std::size_t offset = bytes_.size();
    bytes_ += text;
    bytes_ += '\0';
    return offset;
  }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::as_bytes(std::span(bytes_));
  }

 private:
  std::string bytes_ = std::string(1, '\0');
};

// What a section's header says, besides its name.
struct Header {
  GElf_Word type = SHT_PROGBITS;
  GElf_Xword flags = 0;
  GElf_Word link = 0;
  GElf_Word info = 0;
  GElf_Xword entry_size = 0;
};

Result<void> add_section(Elf* elf, std::size_t name, const Header& header,
                         std::span<const std::byte> bytes, std::uint64_t alignment,
                         Elf_Type data_type = ELF_T_BYTE) {
  Elf_Scn* const section = elf_newscn(elf);
  Elf_Data* const data = section == nullptr ? nullptr : elf_newdata(section);
  GElf_Shdr written;
  if (data == nullptr || gelf_getshdr(section, &written) == nullptr) {
    return fail_elf("make a section");
  }
  // libelf asks for mutable bytes for the sake of its readers; what is written is left alone.
  data->d_buf = const_cast<std::byte*>(bytes.data());
  data->d_size = bytes.size();
  data->d_align = alignment;
  data->d_type = data_type;
  data->d_version = EV_CURRENT;
  written.sh_name = static_cast<GElf_Word>(name);
  written.sh_type = header.type;
  written.sh_flags = header.flags;
  written.sh_link = header.link;
  written.sh_info = header.info;
  written.sh_entsize = header.entry_size;
  written.sh_addralign = alignment;
  return gelf_update_shdr(section, &written) != 0 ? Result<void>() : fail_elf("describe a section");
}

GElf_Half machine_number(ElfMachine machine) {
  return machine == ElfMachine::kX86_64 ? EM_X86_64 : EM_AARCH64;
}

std::vector<Elf64_Sym> symbol_table(std::span<const DataSymbol> symbols, Strings& names) {
  std::vector<Elf64_Sym> table(1);  // the first is empty by the format's rule
  for (const DataSymbol& symbol : symbols) {
    table.push_back({.st_name = static_cast<Elf64_Word>(names.add(symbol.name)),
                     .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
                     .st_other = STV_HIDDEN,
                     .st_shndx = static_cast<Elf64_Section>(symbol.section + 1),
                     .st_value = symbol.offset,
                     .st_size = symbol.size});
  }
  return table;
}

Result<std::vector<std::byte>> read_all(int fd, std::size_t size) {
  std::vector<std::byte> bytes(size);
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = pread(fd, bytes.data() + filled, size - filled, static_cast<off_t>(filled));
    if (got <= 0) {
      return fail("ELF: what was written cannot be read back");
    }
    filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace

std::optional<ElfMachine> elf_machine_of(std::string_view arch) {
  const std::string_view canonical = canonical_arch(arch);
  if (canonical == "x86_64") return ElfMachine::kX86_64;
  if (canonical == "arm64") return ElfMachine::kArm64;
  return std::nullopt;
}

std::optional<ElfMachine> own_elf_machine() {
#if defined(__x86_64__)
  return ElfMachine::kX86_64;
#elif defined(__aarch64__)
  return ElfMachine::kArm64;
#else
  return std::nullopt;
#endif
}

Result<std::vector<std::byte>> write_relocatable(ElfMachine machine,
                                                 std::span<const DataSection> sections,
                                                 std::span<const DataSymbol> symbols) {
  const MemoryFile file;
  if (file.fd() < 0) {
    return fail(
        fmt::format("ELF: no memory to write it to: {}", std::generic_category().message(errno)));
  }
  elf_version(EV_CURRENT);
  const ElfHandle elf(elf_begin(file.fd(), ELF_C_WRITE, nullptr));
  if (elf == nullptr || gelf_newehdr(elf.get(), ELFCLASS64) == nullptr) {
    return fail_elf("begin a file");
  }

  // The bytes of every section must stay until elf_update has written them.
  Strings section_names;
  Strings symbol_names;
  const std::vector<Elf64_Sym> table = symbol_table(symbols, symbol_names);
  Result<void> added;
  const auto add = [&](std::string_view name, const Header& header,
                       std::span<const std::byte> bytes, std::uint64_t alignment,
                       Elf_Type type = ELF_T_BYTE) {
    if (added) {
      added = add_section(elf.get(), section_names.add(name), header, bytes, alignment, type);
    }
  };
  for (const DataSection& section : sections) {
    add(section.name, {.flags = section.is_loaded ? GElf_Xword{SHF_ALLOC} : 0}, section.bytes,
        section.alignment);
  }
  add(".note.GNU-stack", {}, {}, 1);
  std::size_t count = sections.size() + 1;  // so far; the first has the number 1
  if (!symbols.empty()) {
    add(".symtab",
        {.type = SHT_SYMTAB,
         .link = static_cast<GElf_Word>(count + 2),
         .info = 1,  // no local symbols but the empty one
         .entry_size = sizeof(Elf64_Sym)},
        std::as_bytes(std::span(table)), alignof(Elf64_Sym), ELF_T_SYM);
    add(".strtab", {.type = SHT_STRTAB}, symbol_names.bytes(), 1);
    count += 2;
  }
  const std::size_t own_name = section_names.add(".shstrtab");
  if (added) {
    added = add_section(elf.get(), own_name, {.type = SHT_STRTAB}, section_names.bytes(), 1);
  }
  if (!added) {
    return std::unexpected(std::move(added).error());
  }

  GElf_Ehdr header;
  if (gelf_getehdr(elf.get(), &header) == nullptr) {
    return fail_elf("make the header");
  }
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_REL;
  header.e_machine = machine_number(machine);
  header.e_version = EV_CURRENT;
  header.e_shstrndx = static_cast<GElf_Half>(count + 1);
  if (gelf_update_ehdr(elf.get(), &header) == 0) {
    return fail_elf("write the header");
  }
  const off_t size = elf_update(elf.get(), ELF_C_WRITE);
  if (size < 0) {
    return fail_elf("write the file");
  }
  return read_all(file.fd(), static_cast<std::size_t>(size));
}

}  // namespace btfbatch
