#include "core/object/architecture.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

// The beginning of an executable.
std::vector<std::byte> executable(std::uint16_t machine, unsigned char data = ELFDATA2LSB) {
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = data;
  header.e_machine = data == ELFDATA2LSB ? machine : __builtin_bswap16(machine);
  std::vector<std::byte> bytes(sizeof header);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

std::string_view of_registers(const std::string& name) {
  const auto bytes = test::read_bytes(test::object_path(name));
  return architecture_of_registers(parse_object(name, bytes).value());
}

KernelIdentity kernel_of(const std::string& arch) {
  return {.distro = "debian", .release = "12", .arch = arch, .kernel_release = "6.1"};
}

TEST(Architecture, OfAnExecutable) {
  EXPECT_EQ(architecture_of_executable(executable(EM_X86_64)), "x86_64");
  EXPECT_EQ(architecture_of_executable(executable(EM_AARCH64)), "arm64");
  EXPECT_EQ(architecture_of_executable(executable(EM_PPC64)), "ppc64le");
  EXPECT_EQ(architecture_of_executable(executable(EM_PPC64, ELFDATA2MSB)), "ppc64");
  EXPECT_EQ(architecture_of_executable(executable(EM_S390, ELFDATA2MSB)), "s390x");
}

TEST(Architecture, OfAFileThatDoesNotSay) {
  EXPECT_EQ(architecture_of_executable({}), "");
  EXPECT_EQ(architecture_of_executable(executable(EM_386)), "") << "runs on x86-64 kernels, too";
  EXPECT_EQ(architecture_of_executable(executable(EM_BPF)), "");
  const auto whole = executable(EM_X86_64);
  for (std::size_t size = 0; size < offsetof(Elf64_Ehdr, e_machine) + 2; ++size) {
    EXPECT_EQ(architecture_of_executable(std::span(whole).first(size)), "") << size;
  }
}

TEST(Architecture, OfTheRegistersThatAnObjectReads) {
  EXPECT_EQ(of_registers("registers_x86_64"), "x86_64");
  EXPECT_EQ(of_registers("registers_arm64"), "arm64");
  EXPECT_EQ(of_registers("registers_of_several"), "");
  EXPECT_EQ(of_registers("field_kinds"), "");
}

TEST(Architecture, OfKernels) {
  EXPECT_FALSE(is_of_other_architecture("x86_64", kernel_of("x86_64")));
  EXPECT_FALSE(is_of_other_architecture("x86_64", kernel_of("amd64")));
  EXPECT_FALSE(is_of_other_architecture("arm64", kernel_of("aarch64")));
  EXPECT_FALSE(is_of_other_architecture("ppc64le", kernel_of("ppc64el")));
  EXPECT_TRUE(is_of_other_architecture("x86_64", kernel_of("arm64")));
  EXPECT_TRUE(is_of_other_architecture("arm64", kernel_of("amd64")));
  EXPECT_FALSE(is_of_other_architecture("x86_64", kernel_of(""))) << "the path does not tell";
  EXPECT_FALSE(is_of_other_architecture("x86_64", kernel_of("mips"))) << "not told apart";
  EXPECT_FALSE(is_of_other_architecture("", kernel_of("arm64"))) << "an object for any";
}

}  // namespace
}  // namespace btfbatch
