#include "core/elf/relocatable.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gelf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

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

Result<Elf_Data*> add_section(Elf* elf, std::size_t name, const Header& header,
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
  if (gelf_update_shdr(section, &written) == 0) {
    return fail_elf("describe a section");
  }
  return data;
}

// What the header of a file for a machine says.
struct Target {
  GElf_Half number = 0;
  int word_class = ELFCLASS64;
  unsigned char byte_order = ELFDATA2LSB;
  GElf_Word flags = 0;  // without which linkers refuse the file beside others for that machine
};

Target target_of(ElfMachine machine) {
  switch (machine) {
    case ElfMachine::kX86_64:
      return {.number = EM_X86_64};
    case ElfMachine::kI386:
      return {.number = EM_386, .word_class = ELFCLASS32};
    case ElfMachine::kArm64:
      return {.number = EM_AARCH64};
    case ElfMachine::kArm:
      return {.number = EM_ARM, .word_class = ELFCLASS32, .flags = EF_ARM_EABI_VER5};
    case ElfMachine::kPpc64le:
      return {.number = EM_PPC64, .flags = 2};  // ELFv2
    case ElfMachine::kRiscv64:
      return {.number = EM_RISCV, .flags = EF_RISCV_RVC | EF_RISCV_FLOAT_ABI_DOUBLE};
    case ElfMachine::kS390x:
      return {.number = EM_S390, .byte_order = ELFDATA2MSB};
  }
  return {};
}

constexpr std::array<ElfMachineName, 14> kMachineNames = {{{"x86_64", ElfMachine::kX86_64},
                                                           {"amd64", ElfMachine::kX86_64},
                                                           {"arm64", ElfMachine::kArm64},
                                                           {"aarch64", ElfMachine::kArm64},
                                                           {"i386", ElfMachine::kI386},
                                                           {"i686", ElfMachine::kI386},
                                                           {"arm", ElfMachine::kArm},
                                                           {"armv7l", ElfMachine::kArm},
                                                           {"armhf", ElfMachine::kArm},
                                                           {"ppc64le", ElfMachine::kPpc64le},
                                                           {"ppc64el", ElfMachine::kPpc64le},
                                                           {"riscv64", ElfMachine::kRiscv64},
                                                           {"s390x", ElfMachine::kS390x},
                                                           {"s390", ElfMachine::kS390x}}};

// The symbols as libelf keeps them in memory, the first empty by the format's rule.
Result<void> put_symbols(Elf_Data* data, std::span<const DataSymbol> symbols, Strings& names) {
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const DataSymbol& symbol = symbols[i];
    GElf_Sym entry{.st_name = static_cast<GElf_Word>(names.add(symbol.name)),
                   .st_info = GELF_ST_INFO(STB_GLOBAL, STT_OBJECT),
                   .st_other = STV_HIDDEN,
                   .st_shndx = static_cast<GElf_Section>(symbol.section + 1),
                   .st_value = symbol.offset,
                   .st_size = symbol.size};
    if (gelf_update_sym(data, static_cast<int>(i + 1), &entry) == 0) {
      return fail_elf("write a symbol");
    }
  }
  return {};
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

std::span<const ElfMachineName> elf_machine_names() {
  return kMachineNames;
}

std::string_view elf_machine_name(ElfMachine machine) {
  return std::ranges::find(kMachineNames, machine, &ElfMachineName::machine)->name;
}

std::optional<ElfMachine> own_elf_machine() {
#if defined(__x86_64__)
  return ElfMachine::kX86_64;
#elif defined(__i386__)
  return ElfMachine::kI386;
#elif defined(__aarch64__)
  return ElfMachine::kArm64;
#elif defined(__arm__)
  return ElfMachine::kArm;
#elif defined(__powerpc64__)
  return ElfMachine::kPpc64le;
#elif defined(__riscv) && __riscv_xlen == 64
  return ElfMachine::kRiscv64;
#else
  return std::nullopt;
#endif
}

bool is_big_endian(ElfMachine machine) {
  return target_of(machine).byte_order == ELFDATA2MSB;
}

Result<std::vector<std::byte>> write_relocatable(ElfMachine machine,
                                                 std::span<const DataSection> sections,
                                                 std::span<const DataSymbol> symbols,
                                                 std::optional<std::endian> byte_order) {
  const MemoryFile file;
  if (file.fd() < 0) {
    return fail(
        fmt::format("ELF: no memory to write it to: {}", std::generic_category().message(errno)));
  }
  const Target target = target_of(machine);
  elf_version(EV_CURRENT);
  const ElfHandle elf(elf_begin(file.fd(), ELF_C_WRITE, nullptr));
  if (elf == nullptr || gelf_newehdr(elf.get(), target.word_class) == nullptr) {
    return fail_elf("begin a file");
  }

  // The bytes of every section must stay until elf_update has written them.
  Strings section_names;
  Strings symbol_names;
  const std::size_t symbol_size = gelf_fsize(elf.get(), ELF_T_SYM, 1, EV_CURRENT);
  std::vector<std::byte> table((symbols.size() + 1) * symbol_size);
  Result<Elf_Data*> added;
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
  // Sections are counted from 1: behind the note there are three more.
  const std::size_t symbol_table = sections.size() + 2;
  add(".symtab",
      {.type = SHT_SYMTAB,
       .link = static_cast<GElf_Word>(symbol_table + 1),
       .info = 1,  // no local symbols but the empty one
       .entry_size = symbol_size},
      table, target.word_class == ELFCLASS64 ? 8 : 4, ELF_T_SYM);
  if (Result<void> put = added ? put_symbols(*added, symbols, symbol_names) : Result<void>();
      !put) {
    return std::unexpected(std::move(put).error());
  }
  add(".strtab", {.type = SHT_STRTAB}, symbol_names.bytes(), 1);
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
  header.e_ident[EI_DATA] = !byte_order                       ? target.byte_order
                            : *byte_order == std::endian::big ? ELFDATA2MSB
                                                              : ELFDATA2LSB;
  header.e_type = ET_REL;
  header.e_machine = target.number;
  header.e_version = EV_CURRENT;
  header.e_flags = target.flags;
  header.e_shstrndx = static_cast<GElf_Half>(symbol_table + 2);
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
