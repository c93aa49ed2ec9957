#include "core/btf/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/btf_bytes.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using testing::HasSubstr;

// CMake keeps the ELF that it took the BTF from beside it.
std::string elf_path(std::string path) {
  return path.replace(path.rfind(".btf"), 4, ".elf");
}

TEST(LoadKernelBtf, TakesRawBtf) {
  const auto bytes = test::read_bytes(test::kernel_path("reference"));
  const auto view = load_kernel_btf(bytes);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_GT(view->type_count(), 50U);
  EXPECT_TRUE(looks_like_kernel_btf(bytes));
}

TEST(LoadKernelBtf, TakesTheBtfOutOfAnElf) {
  for (const char* name : {"reference", "reference.be"}) {
    const auto raw_bytes = test::read_bytes(test::kernel_path(name));
    const auto elf_bytes = test::read_bytes(elf_path(test::kernel_path(name)));
    const auto raw = load_kernel_btf(raw_bytes);
    const auto elf = load_kernel_btf(elf_bytes);
    ASSERT_TRUE(raw) << raw.error().message;
    ASSERT_TRUE(elf) << elf.error().message;
    EXPECT_TRUE(looks_like_kernel_btf(elf_bytes));
    EXPECT_EQ(elf->was_big_endian(), raw->was_big_endian());
    ASSERT_EQ(elf->type_count(), raw->type_count());
    for (std::uint32_t id = 0; id < raw->type_count(); ++id) {
      EXPECT_EQ(elf->type(id).info, raw->type(id).info);
      EXPECT_STREQ(elf->string(elf->type(id).name), raw->string(raw->type(id).name));
    }
  }
}

TEST(LoadKernelBtf, ReadsAnElfAtAnyAlignment) {
  const auto elf = test::read_bytes(elf_path(test::kernel_path("reference")));
  for (std::size_t shift = 1; shift < 8; ++shift) {
    std::vector<std::byte> shifted(shift + elf.size());
    std::ranges::copy(elf, shifted.begin() + static_cast<std::ptrdiff_t>(shift));
    const auto view = load_kernel_btf(std::span<const std::byte>(shifted).subspan(shift));
    EXPECT_TRUE(view) << "at offset " << shift << ": " << view.error().message;
  }
}

TEST(LoadKernelBtf, RefusesAnElfWithoutBtf) {
  const auto bytes = test::read_bytes(test::object_path("without_btf.nodebug"));
  const auto view = load_kernel_btf(bytes);
  ASSERT_FALSE(view);
  EXPECT_THAT(view.error().message, HasSubstr("no .BTF section"));
}

TEST(LoadKernelBtf, SaysThatTheBtfInsideAnElfIsBroken) {
  auto bytes = test::read_bytes(elf_path(test::kernel_path("empty")));
  const auto raw = test::read_bytes(test::kernel_path("empty"));
  const auto section = std::ranges::search(bytes, raw);
  ASSERT_FALSE(section.empty());
  section.begin()[2] = std::byte{9};
  const auto view = load_kernel_btf(bytes);
  ASSERT_FALSE(view);
  EXPECT_THAT(view.error().message, testing::AllOf(HasSubstr(".BTF"), HasSubstr("version 9")));
}

TEST(LoadKernelBtf, RefusesEveryTruncatedElf) {
  const auto elf = test::read_bytes(elf_path(test::kernel_path("empty")));
  ASSERT_TRUE(load_kernel_btf(elf));
  for (std::size_t size = 0; size < elf.size(); ++size) {
    const std::vector<std::byte> cut(elf.begin(), elf.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(load_kernel_btf(cut)) << "cut to " << size << " of " << elf.size();
  }
}

TEST(LoadKernelBtf, RefusesANameThatNoKernelTakes) {
  for (const std::size_t length : {511U, 1024U}) {
    test::BtfBytes b;
    b.string(std::string(length, 'a'));
    b.string(std::string(length, 'b'));
    EXPECT_TRUE(load_kernel_btf(b.bytes())) << length;
  }
  for (const std::size_t length : {1025U, 2000U, 100'000U}) {
    for (const int before : {0, 1, 700, 1500}) {
      test::BtfBytes b;
      for (int i = 0; i < before; ++i) b.string("x");
      b.string(std::string(length, 'a'));
      b.string("last");
      const auto bytes = b.bytes();
      const auto view = load_kernel_btf(bytes);
      ASSERT_FALSE(view) << length << " behind " << before;
      EXPECT_THAT(view.error().message, HasSubstr("name is longer than 1024 bytes"));
    }
  }
}

TEST(LoadKernelBtf, RefusesWhatIsNeither) {
  const auto text = std::as_bytes(std::span("These are the BTF files of many kernels."));
  EXPECT_FALSE(looks_like_kernel_btf(text));
  EXPECT_FALSE(load_kernel_btf(text));
  EXPECT_FALSE(looks_like_kernel_btf({}));
  EXPECT_FALSE(load_kernel_btf({}));
}

}  // namespace
}  // namespace btfbatch
