#include "core/elf/wrap.h"

#include <bpf/btf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/btf/load.h"
#include "core/elf/sections.h"
#include "tests/support/btf_bytes.h"
#include "tests/support/memory_file.h"

namespace btfbatch {
namespace {

using testing::HasSubstr;

std::string refusal(std::span<const std::byte> btf, std::optional<ElfMachine> machine = {}) {
  const auto wrapped = wrap_btf(btf, machine);
  return wrapped ? "" : wrapped.error().message;
}

TEST(Wrap, GivesAKernelWithTheSameBtf) {
  const std::vector<std::byte> btf = test::every_kind().bytes();
  const auto wrapped = wrap_btf(btf, ElfMachine::kX86_64);
  ASSERT_TRUE(wrapped) << wrapped.error().message;
  const auto elf = read_elf(*wrapped);
  ASSERT_TRUE(elf) << elf.error().message;
  EXPECT_TRUE(std::ranges::equal(elf->find(".BTF")->bytes, btf));
  const auto as_kernel = load_kernel_btf(*wrapped);
  ASSERT_TRUE(as_kernel) << as_kernel.error().message;
  EXPECT_EQ(as_kernel->type_count(), load_kernel_btf(btf)->type_count());
  EXPECT_EQ(wrap_btf(btf, ElfMachine::kX86_64), *wrapped);
}

TEST(Wrap, TellsLibbpfTheSizeOfPointersByTheMachine) {
  for (const auto& [machine, pointer_size] :
       {std::pair{ElfMachine::kX86_64, 8U}, {ElfMachine::kArm, 4U}, {ElfMachine::kS390x, 8U}}) {
    test::BtfBytes bytes;
    bytes.add_int();
    const bool big = is_big_endian(machine);
    const auto wrapped = wrap_btf(bytes.bytes(big), machine);
    ASSERT_TRUE(wrapped) << wrapped.error().message;
    const test::MemoryFile file(*wrapped);
    ::btf* const read = btf__parse_elf(file.path().c_str(), nullptr);
    ASSERT_NE(read, nullptr) << elf_machine_name(machine);
    EXPECT_EQ(btf__pointer_size(read), pointer_size) << elf_machine_name(machine);
    EXPECT_EQ(btf__type_cnt(read), 2U);
    EXPECT_EQ(btf__endianness(read), big ? BTF_BIG_ENDIAN : BTF_LITTLE_ENDIAN);
    btf__free(read);
  }
}

TEST(Wrap, RefusesWhatNoLoaderWouldRead) {
  std::vector<std::byte> btf = test::every_kind().bytes();
  EXPECT_EQ(refusal(wrap_btf(btf, ElfMachine::kX86_64).value()), "is an ELF file already");
  EXPECT_THAT(refusal({}), HasSubstr("not a valid BTF: "));
  EXPECT_THAT(refusal(std::span(btf).first(btf.size() - 1)), HasSubstr("not a valid BTF: "));
  // The string section of a module's BTF does not begin with the empty string.
  std::vector<std::byte> split = btf;
  const std::uint32_t strings = btf::kHeaderSize + test::get_word(split, 16);
  split[strings] = std::byte{'x'};
  EXPECT_THAT(refusal(split), HasSubstr("split BTF"));
}

// Minimized BTF is little-endian for every machine.
TEST(Wrap, GivesTheFileTheByteOrderOfTheBtf) {
  for (const bool big : {false, true}) {
    const std::vector<std::byte> btf = test::every_kind().bytes(big);
    for (const auto machine : {std::optional<ElfMachine>(), std::optional(ElfMachine::kS390x)}) {
      const auto wrapped = wrap_btf(btf, machine);
      ASSERT_TRUE(wrapped) << wrapped.error().message;
      EXPECT_EQ(read_elf(*wrapped)->big_endian, big);
    }
  }
  const auto of_s390x = wrap_btf(test::every_kind().bytes(true));
  EXPECT_EQ(read_elf(*of_s390x)->machine, 22);  // EM_S390
}

}  // namespace
}  // namespace btfbatch
