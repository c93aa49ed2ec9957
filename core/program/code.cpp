#include "core/program/code.h"

#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/bytes/reader.h"
#include "core/program/opcode.h"

namespace btfbatch {
namespace {

// Of all functions together. The kernel takes a million of one program; real objects have some ten
// thousand.
constexpr std::size_t kMaxInstructions = 4U << 20;
constexpr std::size_t kMaxFunctions = 1U << 13;
constexpr std::size_t kMaxName = 255;  // bytes of a symbol's name that are kept

// Relocation types of EM_BPF, from LLVM's BPF.def.
constexpr std::uint32_t kRelocation64 = 1;     // R_BPF_64_64: a ld_imm64
constexpr std::uint32_t kRelocationCall = 10;  // R_BPF_64_32: a call

struct Symbol {
  std::string_view name;
  std::uint8_t type = 0;
  std::uint8_t binding = 0;
  std::uint32_t section = 0;
  std::uint64_t value = 0;
  std::uint64_t size = 0;
};

std::string_view name_at(std::span<const std::byte> strings, std::uint64_t offset) {
  if (offset >= strings.size()) return {};
  const char* name = reinterpret_cast<const char*>(strings.data()) + offset;
  return {name, strnlen(name, std::min<std::uint64_t>(strings.size() - offset, kMaxName))};
}

std::vector<Symbol> read_symbols(const ElfFile& elf) {
  const auto table = std::ranges::find(elf.sections, std::uint32_t{SHT_SYMTAB}, &ElfSection::type);
  if (table == elf.sections.end()) return {};
  std::span<const std::byte> strings;
  if (table->link > 0 && table->link <= elf.sections.size()) {
    strings = elf.sections[table->link - 1].bytes;
  }
  const ByteReader reader(table->bytes, elf.big_endian);
  std::vector<Symbol> symbols;
  for (std::uint64_t at = 0; at + sizeof(Elf64_Sym) <= reader.size(); at += sizeof(Elf64_Sym)) {
    const auto info = reader.read<std::uint8_t>(at + offsetof(Elf64_Sym, st_info)).value();
    symbols.push_back(
        {.name = name_at(strings, reader.read<std::uint32_t>(at).value()),
         .type = static_cast<std::uint8_t>(ELF64_ST_TYPE(info)),
         .binding = static_cast<std::uint8_t>(ELF64_ST_BIND(info)),
         .section = reader.read<std::uint16_t>(at + offsetof(Elf64_Sym, st_shndx)).value(),
         .value = reader.read<std::uint64_t>(at + offsetof(Elf64_Sym, st_value)).value(),
         .size = reader.read<std::uint64_t>(at + offsetof(Elf64_Sym, st_size)).value()});
  }
  return symbols;
}

std::vector<Instruction> decode(std::span<const std::byte> bytes, bool big_endian) {
  const ByteReader reader(bytes, big_endian);
  std::vector<Instruction> instructions(bytes.size() / kInstructionSize);
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    const std::uint64_t at = i * kInstructionSize;
    const auto registers = reader.read<std::uint8_t>(at + 1).value();
    const auto low = static_cast<std::uint8_t>(registers & 0xf);
    const auto high = static_cast<std::uint8_t>(registers >> 4);
    instructions[i] = {
        .opcode = reader.read<std::uint8_t>(at).value(),
        .dst = big_endian ? high : low,
        .src = big_endian ? low : high,
        .offset = static_cast<std::int16_t>(reader.read<std::uint16_t>(at + 2).value()),
        .imm = static_cast<std::int32_t>(reader.read<std::uint32_t>(at + 4).value())};
  }
  return instructions;
}

}  // namespace

class CodeReader {
 public:
  CodeReader(const ElfFile& elf) : elf_(elf), symbols_(read_symbols(elf)) {}

  Result<ObjectCode> read() {
    if (auto found = find_functions(); !found) return std::unexpected(std::move(found).error());
    for (const ElfSection& table : elf_.sections) {
      if (table.type == SHT_REL) read_relocations(table);
    }
    for (auto& [index, section] : code_.sections_) read_pseudo_calls(index, section);
    for (const Symbol& symbol : symbols_) {
      if (symbol.section == SHN_UNDEF && symbol.binding == STB_WEAK) {
        code_.weak_.push_back(symbol.name);
      }
    }
    std::ranges::sort(code_.weak_);
    return std::move(code_);
  }

 private:
  Result<void> find_functions() {
    std::size_t instructions = 0;
    for (const Symbol& symbol : symbols_) {
      if (symbol.type != STT_FUNC || symbol.section == SHN_UNDEF ||
          symbol.section > elf_.sections.size()) {
        continue;
      }
      const ElfSection& section = elf_.sections[symbol.section - 1];
      const auto inside = subspan_checked(section.bytes, symbol.value, symbol.size);
      if (!inside || symbol.value % kInstructionSize != 0 || symbol.size % kInstructionSize != 0 ||
          symbol.size == 0) {
        return fail(
            fmt::format("function {} is not whole instructions of its section", symbol.name));
      }
      if (!code_.sections_.contains(symbol.section)) {
        instructions += section.bytes.size() / kInstructionSize;
        if (instructions > kMaxInstructions) return fail("more instructions than a kernel takes");
        code_.section_names_.try_emplace(section.name, symbol.section);
        code_.sections_[symbol.section] = {
            section.name, decode(section.bytes, elf_.big_endian), {}};
      }
      if (code_.functions_.size() == kMaxFunctions) return fail("more functions than could be");
      code_.functions_.push_back(
          {.name = std::string(symbol.name),
           .section = symbol.section,
           .begin = static_cast<std::uint32_t>(symbol.value / kInstructionSize),
           .end = static_cast<std::uint32_t>((symbol.value + symbol.size) / kInstructionSize),
           .is_global = symbol.binding != STB_LOCAL});
    }
    std::ranges::sort(code_.functions_, {}, [](const Function& f) {
      return std::tuple(f.section, f.begin, f.end, f.name);
    });
    return {};
  }

  // Relocations of other sections, or of no known type, say nothing about code.
  void read_relocations(const ElfSection& table) {
    const auto target = code_.sections_.find(table.info);
    if (target == code_.sections_.end()) return;
    const ByteReader reader(table.bytes, elf_.big_endian);
    for (std::uint64_t at = 0; at + sizeof(Elf64_Rel) <= reader.size(); at += sizeof(Elf64_Rel)) {
      const std::uint64_t offset = reader.read<std::uint64_t>(at).value();
      const std::uint64_t info = reader.read<std::uint64_t>(at + 8).value();
      const std::uint64_t number = ELF64_R_SYM(info);
      const std::uint64_t instruction = offset / kInstructionSize;
      if (number >= symbols_.size() || instruction >= target->second.instructions.size()) continue;
      const auto type = static_cast<std::uint32_t>(ELF64_R_TYPE(info));
      if (type != kRelocation64 && type != kRelocationCall) continue;
      target->second.references[static_cast<std::uint32_t>(instruction)] =
          refer(target->second.instructions[instruction], symbols_[number]);
    }
  }

  // As libbpf's bpf_program__record_reloc and bpf_object__reloc_code have it: a call names the
  // function's symbol, or that of its section with the distance in imm.
  CodeReference refer(const Instruction& instruction, const Symbol& symbol) {
    CodeReference reference;
    if (symbol.section == SHN_UNDEF) {
      reference.name = symbol.name;
      return reference;
    }
    const std::int64_t value = static_cast<std::int64_t>(symbol.value / kInstructionSize);
    const std::int64_t begin = instruction.is_wide()
                                   ? value + instruction.imm / std::int64_t{kInstructionSize}
                                   : value + instruction.imm + 1;
    reference.function = function_beginning(symbol.section, begin);
    return reference;
  }

  // A call within its own section needs no relocation.
  void read_pseudo_calls(std::uint32_t index, CodeSection& section) {
    for (std::uint32_t i = 0; i < section.instructions.size(); ++i) {
      const Instruction& instruction = section.instructions[i];
      if (!is_function_call(instruction) || section.references.contains(i)) continue;
      section.references[i].function =
          function_beginning(index, std::int64_t{i} + instruction.imm + 1);
    }
  }

  std::uint32_t function_beginning(std::uint32_t section, std::int64_t instruction) const {
    const auto found = std::ranges::lower_bound(
        code_.functions_, std::pair(section, instruction), {},
        [](const Function& f) { return std::pair(f.section, std::int64_t{f.begin}); });
    if (found == code_.functions_.end() || found->section != section ||
        found->begin != instruction) {
      return CodeReference::kNoFunction;
    }
    return static_cast<std::uint32_t>(found - code_.functions_.begin());
  }

  const ElfFile& elf_;
  std::vector<Symbol> symbols_;
  ObjectCode code_;
};

Result<ObjectCode> ObjectCode::read(std::span<const std::byte> bytes) {
  const auto elf = read_elf(bytes);
  if (!elf) return std::unexpected(elf.error());
  return CodeReader(*elf).read();
}

bool ObjectCode::is_weak(std::string_view symbol) const {
  return std::ranges::binary_search(weak_, symbol);
}

std::optional<std::uint32_t> ObjectCode::find_section(std::string_view name) const {
  const auto found = section_names_.find(name);
  return found == section_names_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint32_t> ObjectCode::function_at(std::string_view section,
                                                     std::uint32_t instruction) const {
  const auto index = find_section(section);
  if (!index) return std::nullopt;
  const auto behind =
      std::ranges::upper_bound(functions_, std::pair(*index, instruction), {},
                               [](const Function& f) { return std::pair(f.section, f.begin); });
  if (behind == functions_.begin()) return std::nullopt;
  const auto found = std::prev(behind);
  if (found->section != *index || instruction >= found->end) return std::nullopt;
  return static_cast<std::uint32_t>(found - functions_.begin());
}

std::optional<std::uint32_t> ObjectCode::find_function(std::string_view section,
                                                       std::string_view name) const {
  const auto index = find_section(section);
  if (!index) return std::nullopt;
  for (auto f = std::ranges::lower_bound(functions_, *index, {}, &Function::section);
       f != functions_.end() && f->section == *index; ++f) {
    if (f->name == name) return static_cast<std::uint32_t>(f - functions_.begin());
  }
  return std::nullopt;
}

std::vector<std::uint32_t> ObjectCode::call_tree(std::uint32_t function) const {
  std::vector<bool> seen(functions_.size());
  std::vector<std::uint32_t> waiting = {function};
  seen[function] = true;
  for (std::size_t next = 0; next < waiting.size(); ++next) {
    const Function& f = functions_[waiting[next]];
    const auto& references = section_of(f).references;
    for (auto at = references.lower_bound(f.begin); at != references.end() && at->first < f.end;
         ++at) {
      const std::uint32_t called = at->second.function;
      if (called == CodeReference::kNoFunction || seen[called]) continue;
      seen[called] = true;
      waiting.push_back(called);
    }
  }
  std::ranges::sort(waiting);
  return waiting;
}

}  // namespace btfbatch
