// An object's instructions, by the functions that its symbol table names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/elf/sections.h"
#include "core/error.h"

namespace btfbatch {

inline constexpr std::uint32_t kInstructionSize = 8;  // bytes, also of each half of a ld_imm64

// One instruction, or one half of a ld_imm64, in the machine's own byte order.
struct Instruction {
  std::uint8_t opcode = 0;
  std::uint8_t dst = 0;
  std::uint8_t src = 0;
  std::int16_t offset = 0;
  std::int32_t imm = 0;

  // A 64-bit constant whose upper half is the imm of the instruction behind it.
  [[nodiscard]] bool is_wide() const { return opcode == 0x18; }
};

struct Function {
  std::string name;
  std::uint32_t section = 0;  // ELF section index
  std::uint32_t begin = 0;    // instruction number in the section
  std::uint32_t end = 0;
  bool is_global = false;  // the kernel verifies it by itself, not as part of its callers
};

// What ELF relocations and pseudo calls put into instructions.
struct CodeReference {
  static constexpr std::uint32_t kNoFunction = 0xffffffff;

  std::uint32_t function = kNoFunction;  // called, or its address taken: index into the functions
  std::string_view name;                 // of a symbol that the object does not define; or empty
};

struct CodeSection {
  std::string name;
  std::vector<Instruction> instructions;
  std::map<std::uint32_t, CodeReference> references;  // by instruction number
};

// Immutable once read; may be shared between threads.
class ObjectCode {
 public:
  // Reads the functions of an eBPF ELF, either byte order. `bytes` are borrowed for as long as the
  // result lives. Fails where the symbol table or a relocation is malformed, and where there is
  // more code than anything that the kernel would take. Thread-safe.
  [[nodiscard]] static Result<ObjectCode> read(std::span<const std::byte> bytes);

  [[nodiscard]] const std::vector<Function>& functions() const { return functions_; }
  // By ELF section index; of those that hold functions.
  [[nodiscard]] const std::map<std::uint32_t, CodeSection>& sections() const { return sections_; }
  // Names of undefined symbols that the object can be loaded without.
  [[nodiscard]] bool is_weak(std::string_view symbol) const;

  // ELF section index of the first section of that name that holds functions.
  [[nodiscard]] std::optional<std::uint32_t> find_section(std::string_view name) const;
  // Index of the function that holds an instruction, by the section's name.
  [[nodiscard]] std::optional<std::uint32_t> function_at(std::string_view section,
                                                         std::uint32_t instruction) const;
  // Index of the function of that name that begins in that section.
  [[nodiscard]] std::optional<std::uint32_t> find_function(std::string_view section,
                                                           std::string_view name) const;
  // The function and all that it calls, or takes the address of, however deep; ascending.
  [[nodiscard]] std::vector<std::uint32_t> call_tree(std::uint32_t function) const;

  [[nodiscard]] const CodeSection& section_of(const Function& function) const {
    return sections_.at(function.section);
  }

 private:
  friend class CodeReader;

  ObjectCode() = default;

  std::vector<Function> functions_;  // by section, then by begin
  std::map<std::uint32_t, CodeSection> sections_;
  std::map<std::string, std::uint32_t, std::less<>> section_names_;
  std::vector<std::string_view> weak_;  // sorted
};

}  // namespace btfbatch
