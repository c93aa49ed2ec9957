#include "pipeline/unpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <random>

#include "tests/support/archive_writer.h"
#include "tests/support/btf_bytes.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using test::compress;
using test::Compression;
using test::make_kernel_tar;
using test::make_tar;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::uint64_t kLarge = 64U << 20;

std::string kernel() {
  return test::read_file(test::kernel_path("reference"));
}

// BTF that is large and does not compress well, so that its tar has many compressed blocks. Its
// types do not matter to unpack.
std::string large_btf() {
  std::string bytes = kernel();
  std::mt19937 random(7);
  while (bytes.size() < 400'000) {
    bytes += static_cast<char>(random() & 0x3f);
  }
  return bytes;
}

// Split BTF: a module's, whose strings go on from those of the kernel.
std::string split_btf() {
  std::vector<std::byte> bytes = test::every_kind().bytes();
  const std::uint32_t strings = btf::kHeaderSize + test::get_word(bytes, 16);
  bytes[strings] = std::byte{'m'};
  return test::text_of(bytes);
}

struct Unpacked {
  std::string btf;
  std::string error;
};

Unpacked unpack(std::string_view content, std::string_view name = "5.4.btf.tar.xz",
                std::uint64_t max_btf_size = kLarge) {
  Buffer buffer;
  buffer.append(test::as_byte_span("left over from the kernel before"));
  const Result<void> done =
      unpack_bytes(test::as_byte_span(content), name, {.max_btf_size = max_btf_size}, buffer);
  if (!done) {
    return {.btf = {}, .error = done.error().message};
  }
  return {.btf = test::text_of(buffer.bytes()), .error = {}};
}

class UnpackOfEveryCompression : public testing::TestWithParam<Compression> {};

TEST_P(UnpackOfEveryCompression, TarIsUnpacked) {
  const Unpacked unpacked = unpack(make_kernel_tar("5.4.btf", kernel(), GetParam()));
  EXPECT_EQ(unpacked.error, "");
  EXPECT_EQ(unpacked.btf, kernel());
}

TEST_P(UnpackOfEveryCompression, BtfWithoutTarIsUnpacked) {
  const Unpacked unpacked = unpack(compress(large_btf(), GetParam()));
  EXPECT_EQ(unpacked.error, "");
  EXPECT_EQ(unpacked.btf, large_btf());
}

TEST_P(UnpackOfEveryCompression, FileAndMemoryGiveTheSame) {
  const test::TempDir dir;
  const auto file = dir.write("k.btf.tar", make_kernel_tar("5.4.btf", large_btf(), GetParam()));
  Buffer buffer;
  ASSERT_TRUE(unpack_file(file, {.max_btf_size = kLarge}, buffer));
  EXPECT_TRUE(std::ranges::equal(buffer.bytes(), test::as_byte_span(large_btf())));
}

// A file that lacks its last bytes has everything but its checksums. Uncompressed tars have none.
TEST_P(UnpackOfEveryCompression, TruncatedAnywhereIsRefused) {
  const std::string whole = make_kernel_tar("5.4.btf", large_btf(), GetParam());
  const bool has_checksum = GetParam() != Compression::kNone;
  for (const std::size_t length :
       {std::size_t{1}, std::size_t{5}, std::size_t{100}, std::size_t{700}, whole.size() / 2,
        whole.size() - 12'000, whole.size() - 40, whole.size() - 9, whole.size() - 1}) {
    if (!has_checksum && length > whole.size() - 12'000) {
      continue;  // the padding of a plain tar says nothing
    }
    const Unpacked unpacked = unpack(std::string_view(whole).substr(0, length));
    EXPECT_NE(unpacked.error, "") << length << " of " << whole.size();
    if (length >= 700) {
      EXPECT_THAT(unpacked.error, StartsWith("truncated: ")) << length;
    }
  }
}

TEST_P(UnpackOfEveryCompression, FlippedBitIsRefused) {
  if (GetParam() == Compression::kNone || GetParam() == Compression::kZstd) {
    return;  // nothing to tell it by: a zstd file need not have a checksum, and libarchive's has
             // none
  }
  const std::string whole = make_kernel_tar("5.4.btf", large_btf(), GetParam());
  for (const std::size_t from_end : {whole.size() / 2, whole.size() / 3, std::size_t{5}}) {
    std::string flipped = whole;
    flipped[whole.size() - from_end] = static_cast<char>(flipped[whole.size() - from_end] ^ 4);
    EXPECT_THAT(unpack(flipped).error,
                testing::AnyOf(StartsWith("corrupt: "), StartsWith("truncated: ")))
        << from_end;
  }
}

TEST_P(UnpackOfEveryCompression, PaddingBehindTheStreamIsNoHarm) {
  if (GetParam() == Compression::kZstd || GetParam() == Compression::kBzip2) {
    return;  // zstd and bzip2 refuse it themselves
  }
  const std::string whole = make_kernel_tar("5.4.btf", kernel(), GetParam());
  EXPECT_EQ(unpack(whole + std::string(4096, '\0')).btf, kernel());
}

INSTANTIATE_TEST_SUITE_P(All, UnpackOfEveryCompression,
                         testing::Values(Compression::kNone, Compression::kXz, Compression::kZstd,
                                         Compression::kGzip, Compression::kBzip2));

TEST(Unpack, TakesTheBtfSectionOfAnElfFile) {
  const std::string elf = test::read_file(
      test::kernel_path("reference").substr(0, test::kernel_path("reference").size() - 4) + ".elf");
  EXPECT_EQ(unpack(elf, "vmlinux").btf, kernel());
  EXPECT_EQ(unpack(make_kernel_tar("vmlinux", elf)).btf, kernel());
}

TEST(Unpack, ElfWithoutBtfIsRefused) {
  const std::string elf = test::read_file(test::object_path("without_btf.nodebug"));
  EXPECT_EQ(unpack(elf, "vmlinux").error, "no BTF inside: an ELF file without a .BTF section");
  EXPECT_EQ(unpack(make_kernel_tar("vmlinux", elf)).error,
            "member 'vmlinux': no BTF inside: an ELF file without a .BTF section");
}

TEST(Unpack, ChoosesTheMemberByItsBytesNotItsName) {
  EXPECT_EQ(unpack(make_tar({{.name = "README.btf", .content = "not what the name says"},
                             {.name = "boot/", .type = test::TarMember::Type::kDirectory},
                             {.name = "boot/notes.txt", .content = kernel()}},
                            Compression::kXz))
                .btf,
            kernel());
}

TEST(Unpack, PassesOverModulesBesideTheKernel) {
  const std::vector<test::TarMember> members = {{.name = "a_module", .content = split_btf()},
                                                {.name = "vmlinux", .content = kernel()},
                                                {.name = "zram", .content = split_btf()}};
  EXPECT_EQ(unpack(make_tar(members)).btf, kernel());
}

TEST(Unpack, ModulesAloneAreRefused) {
  EXPECT_EQ(unpack(make_tar({{.name = "a", .content = split_btf()},
                             {.name = "b", .content = split_btf()}}))
                .error,
            "no BTF of a kernel inside: only split BTF of 2 modules");
  EXPECT_EQ(unpack(split_btf(), "m.btf").error, "no BTF of a kernel inside: split BTF of a module");
}

TEST(Unpack, SeveralKernelsInOneTarAreRefusedByName) {
  EXPECT_EQ(unpack(make_tar({{.name = "5.4.btf", .content = kernel()},
                             {.name = "5.5.btf", .content = kernel()}}))
                .error,
            "several BTFs inside: '5.4.btf' and '5.5.btf'");
}

TEST(Unpack, MemberNamesAreNeverPaths) {
  for (const char* name : {"/etc/passwd", "../../../etc/passwd", "a/../../b", "//x"}) {
    EXPECT_EQ(unpack(make_kernel_tar(name, kernel())).btf, kernel()) << name;
  }
  EXPECT_FALSE(std::filesystem::exists("../../../etc/passwd.btf"));
}

TEST(Unpack, LinksAndDevicesAreMetAndPassedOver) {
  using Kind = test::TarMember::Type;
  std::vector<test::TarMember> members = {
      {.name = "symlink.btf", .content = "/etc/passwd", .type = Kind::kSymlink},
      {.name = "hardlink.btf", .content = "/etc/passwd", .type = Kind::kHardlink},
      {.name = "device.btf", .type = Kind::kDevice},
      {.name = "fifo.btf", .type = Kind::kFifo}};
  EXPECT_EQ(unpack(make_tar(members)).error,
            "no BTF inside: none of the tar's 4 members has it, and 4 of them are links or "
            "devices");
  members.push_back({.name = "5.4.btf", .content = kernel()});
  EXPECT_EQ(unpack(make_tar(members)).btf, kernel());
}

TEST(Unpack, NoBtfInsideIsSaidPlainly) {
  EXPECT_EQ(unpack("").error, "empty: nothing in it");
  EXPECT_EQ(unpack(make_tar({})).error, "no BTF inside: the tar is empty");
  EXPECT_EQ(unpack(make_tar({{.name = "README", .content = "hello"}})).error,
            "no BTF inside: none of the tar's 1 members is BTF or ELF");
  EXPECT_EQ(unpack("<html>404</html>", "5.4.btf.tar.xz").error, "not xz, though its name says so");
  EXPECT_EQ(unpack("<html>404</html>", "5.4.btf.tar.zst").error,
            "not zstd, though its name says so");
  EXPECT_EQ(unpack("<html>404</html>", "5.4.btf").error,
            "no BTF inside: neither a tar nor BTF nor ELF");
  EXPECT_EQ(unpack(compress("<html>404</html>", Compression::kXz)).error,
            "no BTF inside: neither a tar nor BTF nor ELF");
}

TEST(Unpack, AMemberThatClaimsTooMuchIsRefusedUnread) {
  const std::string btf = large_btf();
  EXPECT_EQ(unpack(make_kernel_tar("big.btf", btf), "k", btf.size() - 1).error,
            "too large: its member 'big.btf' has 400000 bytes, more than the 399999 allowed");
  EXPECT_EQ(unpack(make_kernel_tar("big.btf", btf), "k", btf.size()).btf, btf);

  // The claim alone, with no bytes behind it.
  std::string lie = make_kernel_tar("big.btf", btf, Compression::kNone);
  lie.replace(124, 12, std::string("77777777777\0", 12));  // 8 GiB
  std::uint32_t sum = 0;
  lie.replace(148, 8, "        ");
  for (std::size_t i = 0; i < 512; ++i) {
    sum += static_cast<unsigned char>(lie[i]);
  }
  std::array<char, 8> octal{};
  std::snprintf(octal.data(), octal.size(), "%06o", sum);
  lie.replace(148, 8, std::string(octal.data(), 6) + std::string("\0 ", 2));
  EXPECT_EQ(unpack(lie).error,
            "too large: its member 'big.btf' has 8589934591 bytes, more than the 67108864 "
            "allowed");
}

TEST(Unpack, WhatExpandsToTooMuchIsRefused) {
  const std::string btf = large_btf();
  EXPECT_EQ(unpack(compress(btf, Compression::kXz), "k.btf.xz", btf.size() - 1).error,
            "too large: has more than the 399999 bytes allowed");
  EXPECT_EQ(unpack(compress(btf, Compression::kXz), "k.btf.xz", btf.size()).btf, btf);
}

// 200 MB of zeros behind a tiny kernel, as a few KB of xz.
TEST(Unpack, ABombBesideTheBtfIsBounded) {
  const std::string bomb = make_tar({{.name = "5.4.btf", .content = kernel()},
                                     {.name = "zeros", .content = std::string(200'000'000, '\0')}},
                                    Compression::kZstd);
  ASSERT_LT(bomb.size(), 100'000U);
  EXPECT_THAT(unpack(bomb, "k", 1'000'000).error,
              StartsWith("too large: expands to more than 68108864 bytes"));
}

TEST(Unpack, UnreadableFilesAreNamedByTheirReason) {
  const test::TempDir dir;
  Buffer buffer;
  const auto error = [&](const std::filesystem::path& path) {
    const Result<void> done = unpack_file(path, {.max_btf_size = kLarge}, buffer);
    return done ? std::string() : done.error().message;
  };
  EXPECT_EQ(error(dir / "missing"), "cannot be opened: No such file or directory");
  EXPECT_EQ(error(dir.path()), "is a folder, not a file");
  EXPECT_EQ(error("/dev/null"), "is not a regular file");
}

TEST(Unpack, StopsWhenAsked) {
  std::mutex mutex;
  StopSignal stop([] { return true; }, mutex);
  Buffer buffer;
  const std::string content = make_kernel_tar("5.4.btf", kernel());
  EXPECT_FALSE(unpack_bytes(test::as_byte_span(content), "k",
                            {.max_btf_size = kLarge, .stop = &stop}, buffer));
}

}  // namespace
}  // namespace btfbatch
