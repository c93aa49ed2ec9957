#include "core/object/embedded.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using Bytes = std::vector<std::byte>;

void append(Bytes& file, const Bytes& more) {
  file.insert(file.end(), more.begin(), more.end());
}

// Junk that holds the beginnings of ELF magic numbers, to be passed over.
Bytes junk(std::size_t size) {
  Bytes bytes(size);
  constexpr std::byte kAlmost[] = {std::byte{0x7f}, std::byte{'E'}, std::byte{'L'}};
  for (std::size_t i = 0; i < size; ++i) bytes[i] = kAlmost[i % 3];
  return bytes;
}

TEST(FindEmbeddedObjects, FindsAnObjectFileItself) {
  for (const char* name : {"arrays", "field_kinds.be", "without_btf.nodebug"}) {
    const auto object = test::read_bytes(test::object_path(name));
    const auto found = find_embedded_objects(object);
    ASSERT_EQ(found.size(), 1U) << name;
    EXPECT_EQ(found[0].offset, 0U);
    EXPECT_EQ(found[0].bytes.data(), object.data());
    EXPECT_EQ(found[0].bytes.size(), object.size());
  }
}

TEST(FindEmbeddedObjects, FindsSeveralAtAnyAlignment) {
  const auto first = test::read_bytes(test::object_path("arrays"));
  const auto second = test::read_bytes(test::object_path("field_kinds.be"));
  for (const std::size_t gap : {0U, 1U, 3U, 7U, 64U, 4096U}) {
    Bytes file = junk(gap);
    append(file, first);
    append(file, junk(gap));
    append(file, second);
    append(file, junk(gap));
    append(file, first);
    append(file, junk(gap));
    const auto found = find_embedded_objects(file);
    ASSERT_EQ(found.size(), 3U) << "with " << gap << " bytes between";
    EXPECT_EQ(found[0].offset, gap);
    EXPECT_TRUE(std::ranges::equal(found[0].bytes, first));
    EXPECT_EQ(found[1].offset, 2 * gap + first.size());
    EXPECT_TRUE(std::ranges::equal(found[1].bytes, second));
    EXPECT_EQ(found[2].offset, 3 * gap + first.size() + second.size());
    EXPECT_TRUE(std::ranges::equal(found[2].bytes, first));
  }
}

TEST(FindEmbeddedObjects, PassesOverATruncatedImage) {
  const auto whole = test::read_bytes(test::object_path("arrays"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_TRUE(find_embedded_objects(cut).empty()) << "cut to " << size << " of " << whole.size();
  }
}

TEST(FindEmbeddedObjects, GoesOnBehindABrokenImage) {
  const auto whole = test::read_bytes(test::object_path("arrays"));
  Bytes file(whole.begin(), whole.begin() + 64);  // a header that promises more than there is
  append(file, junk(5));
  append(file, whole);
  const auto found = find_embedded_objects(file);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].offset, 69U);
  EXPECT_TRUE(std::ranges::equal(found[0].bytes, whole));
}

// An object's section may hold another object: a loader that is embedded itself.
TEST(FindEmbeddedObjects, DoesNotLookInsideAnImage) {
  const auto inner = test::read_bytes(test::object_path("narrowing"));
  Bytes file = test::read_bytes(test::object_path("arrays"));
  append(file, inner);
  // The first real section of the outer object now reaches to the end of the inner one.
  Elf64_Ehdr header;
  std::memcpy(&header, file.data(), sizeof header);
  const std::size_t section_at = header.e_shoff + sizeof(Elf64_Shdr);
  Elf64_Shdr section;
  std::memcpy(&section, &file[section_at], sizeof section);
  section.sh_size = file.size() - section.sh_offset;
  std::memcpy(&file[section_at], &section, sizeof section);

  const auto found = find_embedded_objects(file);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].bytes.size(), file.size());
}

TEST(FindEmbeddedObjects, PassesOverOtherMachines) {
  const auto itself = test::read_bytes("/proc/self/exe");
  auto foreign = test::read_bytes(test::object_path("arrays"));
  foreign[offsetof(Elf64_Ehdr, e_machine)] = std::byte{EM_X86_64};
  foreign[offsetof(Elf64_Ehdr, e_machine) + 1] = std::byte{0};
  EXPECT_TRUE(find_embedded_objects(foreign).empty());
  EXPECT_TRUE(find_embedded_objects(itself).empty());
  EXPECT_TRUE(find_embedded_objects({}).empty());
}

// Section headers that lead out of the file, also by numbers that wrap around.
TEST(FindEmbeddedObjects, PassesOverImagesThatLeadOutside) {
  const auto whole = test::read_bytes(test::object_path("arrays"));
  for (const std::size_t field : {offsetof(Elf64_Ehdr, e_shoff)}) {
    for (const unsigned value : {0x00U, 0x7fU, 0xffU}) {
      Bytes wrong = whole;
      std::fill_n(wrong.begin() + static_cast<std::ptrdiff_t>(field), 8,
                  static_cast<std::byte>(value));
      for (const auto& found : find_embedded_objects(wrong)) {
        EXPECT_LE(found.offset + found.bytes.size(), wrong.size());
      }
    }
  }
}

// Each of many headers leads to the same long table of sections, the last of which leads outside.
// Reading it for each of them would take forever in a larger file.
TEST(FindEmbeddedObjects, GivesUpAFileThatWasMadeToTakeForever) {
  constexpr std::size_t kHeaders = 200;
  constexpr std::size_t kSections = 65535;
  Bytes file(kHeaders * sizeof(Elf64_Ehdr) + kSections * sizeof(Elf64_Shdr));
  for (std::size_t i = 0; i < kHeaders; ++i) {
    Elf64_Ehdr header{};
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_machine = EM_BPF;
    header.e_shoff = (kHeaders - i) * sizeof header;
    header.e_shentsize = sizeof(Elf64_Shdr);
    header.e_shnum = kSections;
    std::memcpy(&file[i * sizeof header], &header, sizeof header);
  }
  Elf64_Shdr outside{};
  outside.sh_type = SHT_PROGBITS;
  outside.sh_offset = file.size() * 2;
  outside.sh_size = 1;
  std::memcpy(&file[file.size() - sizeof outside], &outside, sizeof outside);
  append(file, test::read_bytes(test::object_path("arrays")));
  EXPECT_TRUE(find_embedded_objects(file).empty());
}

// Whatever one wrong byte of the ELF header says, nothing outside of the file is given out.
TEST(FindEmbeddedObjects, StaysInsideWhateverTheHeaderSays) {
  const auto whole = test::read_bytes(test::object_path("arrays"));
  for (std::size_t i = 0; i < sizeof(Elf64_Ehdr); ++i) {
    for (const unsigned value : {0x00U, 0x01U, 0x7fU, 0xffU}) {
      Bytes wrong = whole;
      wrong[i] = static_cast<std::byte>(value);
      for (const auto& found : find_embedded_objects(wrong)) {
        EXPECT_LE(found.offset + found.bytes.size(), wrong.size());
      }
    }
  }
}

}  // namespace
}  // namespace btfbatch
