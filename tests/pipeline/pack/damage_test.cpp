// What becomes of packs that were altered or cut short: never a wrong byte, and never more lost
// than must be.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>
#include <span>

#include "pipeline/pack/examine.h"
#include "pipeline/pack/scan_pack.h"
#include "pipeline/scan.h"
#include "pipeline/source.h"
#include "tests/pipeline/pack/archive_fixture.h"

namespace btfbatch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Damage : public test::PackFixture {
 protected:
  Damage() {
    add_kernels(1);
    pack(archive(), file_);
    whole_ = test::read_file(file_);
    read_into(good_, failed_);
    EXPECT_EQ(good_.size(), test::kernel_names().size());
    EXPECT_THAT(failed_, IsEmpty());
  }

  using Kernels = std::map<std::string, std::string>;  // path → BTF, or why there is none

  // Opens what lies at file_ as a run does. False where it cannot be opened.
  bool read_into(Kernels& good, Kernels& failed) const {
    auto archive = open_archive(file_, {.filter = {}, .max_btf_size = 1 << 20});
    if (!archive) {
      return false;
    }
    while (const std::optional<Entry> entry = (*archive)->next()) {
      if (entry->failure) {
        failed[entry->archive_path] = entry->failure->message;
        continue;
      }
      const Result<Source> source = Source::open(*entry, nullptr);
      Buffer btf;
      const auto unpacked = source->unpack({.max_btf_size = 1 << 20}, btf);
      if (!unpacked) {
        failed[entry->archive_path] = unpacked.error().message;
      } else {
        good[entry->archive_path] = test::text_of(btf.bytes());
      }
    }
    return true;
  }

  // Each kernel is what it was, or named as damaged. Returns how many were lost.
  std::size_t expect_no_wrong_byte(const std::string& bytes) {
    dir_.write("hub.btfpack", bytes);
    Kernels good;
    Kernels failed;
    if (!read_into(good, failed)) {
      return good_.size();
    }
    EXPECT_EQ(good.size() + failed.size(), good_.size());
    for (const auto& [path, btf] : good) {
      EXPECT_TRUE(btf == good_.at(path)) << path;
    }
    for (const auto& [path, reason] : failed) {
      EXPECT_THAT(reason, HasSubstr("damaged in the pack"));
    }
    return failed.size();
  }

  [[nodiscard]] PackCheck check() const {
    const Result<PackCheck> checked = check_pack(file_, 2, {});
    EXPECT_TRUE(checked) << checked.error().message;
    return checked ? *checked : PackCheck();
  }

  std::filesystem::path file_ = dir_ / "hub.btfpack";
  std::string whole_;
  Kernels good_;
  Kernels failed_;
};

TEST_F(Damage, AWholePackIsWhole) {
  const PackCheck checked = check();
  EXPECT_TRUE(checked.is_whole());
  EXPECT_EQ(checked.kernels, good_.size());
}

TEST_F(Damage, OneChangedByteNeverGivesAWrongOneAndIsAlwaysFound) {
  const Result<PackFile> pack = PackFile::open(file_);
  ASSERT_TRUE(pack);
  const std::uint64_t begin = pack->header().blobs_begin();
  const std::uint64_t end = begin + pack->header().blobs_size();
  for (std::size_t at = 0; at < whole_.size(); at += 11) {
    std::string bytes = whole_;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x21);
    const std::size_t lost = expect_no_wrong_byte(bytes);
    if (at < begin || at >= end) {
      EXPECT_EQ(lost, 0U) << "at " << at << ", though one index of two is enough";
      EXPECT_EQ(PackFile::open(file_)->damage().size(), 1U) << "at " << at;
    }
    const PackCheck checked = check();
    EXPECT_FALSE(checked.is_whole()) << "at " << at;
    EXPECT_EQ(checked.damaged.size(), lost) << "at " << at;
    EXPECT_THAT(checked.problems, Not(IsEmpty())) << "at " << at;
  }
}

TEST_F(Damage, WhatWasCutOffIsNamedAndTheRestIsRead) {
  std::set<std::size_t> losses;
  for (std::size_t size = 0; size < whole_.size(); size += 97) {
    const std::size_t lost = expect_no_wrong_byte(whole_.substr(0, size));
    losses.insert(lost);
    const Result<PackCheck> checked = check_pack(file_, 1, {});
    EXPECT_FALSE(checked && checked->is_whole()) << size;
  }
  // From all to none: the last byte of the last blob is behind many a kernel.
  EXPECT_GT(losses.size(), 3U);
  const Result<PackFile> cut =
      PackFile::open(dir_.write("hub.btfpack", whole_.substr(0, whole_.size() / 2)));
  ASSERT_TRUE(cut) << cut.error().message;
  ASSERT_EQ(cut->damage().size(), 1U);
  EXPECT_THAT(cut->damage().front(),
              HasSubstr(fmt::format("is truncated: has {} of ", whole_.size() / 2)));
}

TEST_F(Damage, WhatWasAppendedIsTold) {
  dir_.write("hub.btfpack", whole_ + "x");
  EXPECT_EQ(expect_no_wrong_byte(whole_ + "x"), 0U);
  EXPECT_FALSE(check().is_whole());
}

TEST_F(Damage, OtherFilesAreNoPacks) {
  for (const std::string& content : {std::string(), std::string("BTF"), std::string(5000, 'x')}) {
    dir_.write("hub.btfpack", content);
    const auto archive = open_archive(file_, {.filter = {}, .max_btf_size = 1});
    ASSERT_FALSE(archive);
    EXPECT_THAT(archive.error().message, HasSubstr("not a pack"));
  }
}

TEST_F(Damage, AnotherVersionIsNotRead) {
  // Both headers, sealed anew, so that the version is all there is against them.
  std::string newer = whole_;
  for (const std::size_t at : {std::size_t{0}, newer.size() - kPackHeaderSize}) {
    newer[at + 8] = 9;
    const std::uint64_t checksum =
        blob_checksum(std::as_bytes(std::span(newer)).subspan(at, kPackHeaderSize - 8));
    std::memcpy(newer.data() + at + kPackHeaderSize - 8, &checksum, sizeof checksum);
  }
  dir_.write("hub.btfpack", newer);
  const auto archive = open_archive(file_, {.filter = {}, .max_btf_size = 1});
  ASSERT_FALSE(archive);
  EXPECT_EQ(archive.error().message, "has format version 9, and this btfbatch reads version 2");
}

TEST_F(Damage, AFileThatIsReplacedWhileItIsReadIsReadToItsEnd) {
  auto archive = open_archive(file_, {.filter = {}, .max_btf_size = 1 << 20});
  ASSERT_TRUE(archive);
  dir_.write("new", "something else");
  std::filesystem::rename(dir_ / "new", file_);
  std::size_t read = 0;
  while (const std::optional<Entry> entry = (*archive)->next()) {
    Buffer btf;
    ASSERT_TRUE(Source::open(*entry, nullptr)->unpack({.max_btf_size = 1 << 20}, btf));
    ++read;
  }
  EXPECT_EQ(read, good_.size());
}

}  // namespace
}  // namespace btfbatch
