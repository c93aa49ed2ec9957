// The judges are LLVM's readelf and, for this machine, our own reader of sections.
#include "core/elf/relocatable.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/elf/sections.h"
#include "test_paths.h"
#include "tests/support/memory_file.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// With the bytes of its first section.
std::string readelf(std::span<const std::byte> file) {
  const test::MemoryFile in_memory(file);
  const auto program = std::filesystem::path(BTFBATCH_OBJDUMP).parent_path() / "llvm-readelf-19";
  const test::ProgramResult result =
      test::run_program({program.string(), "--file-header", "--section-headers", "--symbols",
                         "--hex-dump=1", in_memory.path()});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.err, "");
  return result.out;
}

Result<std::vector<std::byte>> write_example(ElfMachine machine) {
  const auto data = test::as_byte_span("some bytes, and four");
  const DataSection sections[] = {{.name = ".rodata", .bytes = data, .alignment = 16}};
  const DataSymbol symbols[] = {{.name = "first", .section = 0, .offset = 0, .size = 10},
                                {.name = "second", .section = 0, .offset = 16, .size = 4}};
  return write_relocatable(machine, sections, symbols);
}

struct Expected {
  ElfMachine machine;
  const char* number;
  const char* word_class;
  const char* byte_order;
};
constexpr Expected kExpected[] = {
    {ElfMachine::kX86_64, "Advanced Micro Devices X86-64", "ELF64", "little"},
    {ElfMachine::kI386, "Intel 80386", "ELF32", "little"},
    {ElfMachine::kArm64, "AArch64", "ELF64", "little"},
    {ElfMachine::kArm, "ARM", "ELF32", "little"},
    {ElfMachine::kPpc64le, "PowerPC64", "ELF64", "little"},
    {ElfMachine::kRiscv64, "RISC-V", "ELF64", "little"},
    {ElfMachine::kS390x, "IBM S/390", "ELF64", "big"}};

TEST(Relocatable, IsWhatReadelfReads) {
  for (const Expected& expected : kExpected) {
    SCOPED_TRACE(elf_machine_name(expected.machine));
    const auto file = write_example(expected.machine);
    ASSERT_TRUE(file) << file.error().message;
    const std::string text = readelf(*file);
    EXPECT_THAT(text, AllOf(HasSubstr(std::string("Machine:                           ") +
                                      expected.number + "\n"),
                            HasSubstr(std::string("Class:                             ") +
                                      expected.word_class + "\n"),
                            HasSubstr(std::string("complement, ") + expected.byte_order),
                            HasSubstr("REL (Relocatable file)")));
    // Allocated, neither writable nor executable, where asked.
    EXPECT_THAT(text, ContainsRegex("\\.rodata +PROGBITS +0+ [0-9a-f]+ 000014 00 +A +0 +0 16\n"));
    EXPECT_THAT(text, ContainsRegex("\\.note\\.GNU-stack +PROGBITS +0+ [0-9a-f]+ 000000 00 +0 "));
    EXPECT_THAT(text, ContainsRegex(": 0+ +10 OBJECT +GLOBAL HIDDEN +1 first\n"));
    EXPECT_THAT(text, ContainsRegex(": 0+10 +4 OBJECT +GLOBAL HIDDEN +1 second\n"));
    EXPECT_THAT(text, HasSubstr("some bytes, and "));
    EXPECT_EQ(is_big_endian(expected.machine), std::string_view(expected.byte_order) == "big");
  }
}

TEST(Relocatable, HasASymbolTableWhereThereAreNoSymbols) {
  const DataSection sections[] = {
      {.name = ".BTF", .bytes = test::as_byte_span("x"), .alignment = 4, .is_loaded = false}};
  const auto file = write_relocatable(ElfMachine::kX86_64, sections, {});
  ASSERT_TRUE(file) << file.error().message;
  const auto read = read_elf(*file);
  ASSERT_TRUE(read) << read.error().message;
  std::vector<std::string> names;
  for (const ElfSection& section : read->sections) {
    names.push_back(section.name);
  }
  EXPECT_THAT(names,
              testing::ElementsAre(".BTF", ".note.GNU-stack", ".symtab", ".strtab", ".shstrtab"));
  EXPECT_TRUE(std::ranges::equal(read->find(".BTF")->bytes, test::as_byte_span("x")));
  const std::string text = readelf(*file);
  EXPECT_THAT(text, ContainsRegex("\\.BTF +PROGBITS +0+ [0-9a-f]+ 000001 00 +0 +0  4\n"));
  EXPECT_THAT(text, HasSubstr("Symbol table '.symtab' contains 1 entries"));
}

TEST(Relocatable, IsTheSameEachTime) {
  EXPECT_EQ(write_example(ElfMachine::kArm64).value(), write_example(ElfMachine::kArm64).value());
}

TEST(Relocatable, KnowsTheSpellingsOfMachines) {
  const auto machine_named = [](std::string_view name) -> std::optional<ElfMachine> {
    const auto names = elf_machine_names();
    const auto found = std::ranges::find(names, name, &ElfMachineName::name);
    return found == names.end() ? std::nullopt : std::optional(found->machine);
  };
  EXPECT_EQ(machine_named("aarch64"), ElfMachine::kArm64);
  EXPECT_EQ(machine_named("amd64"), ElfMachine::kX86_64);
  EXPECT_EQ(machine_named("armv7l"), ElfMachine::kArm);
  EXPECT_EQ(machine_named("mips"), std::nullopt);
  for (const Expected& expected : kExpected) {
    EXPECT_EQ(machine_named(elf_machine_name(expected.machine)), expected.machine);
  }
}

}  // namespace
}  // namespace btfbatch
