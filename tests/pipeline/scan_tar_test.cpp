#include "pipeline/scan_tar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/archive_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"

namespace btfbatch {
namespace {

using test::Compression;
using test::TarMember;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using MemberType = test::TarMember::Type;

struct ScannedTar {
  std::vector<std::string> paths;     // "path=content" of entries without a failure
  std::vector<std::string> failures;  // "path: reason"
  std::vector<std::string> aliases;
  Findings found;
};

ScannedTar scan_bytes(const std::string& tar, Filter filter = {},
                      std::uint64_t max_btf_size = 1 << 20) {
  const test::TempDir dir;
  auto archive = open_tar_archive(dir.write("hub.tar", tar),
                                  {.filter = std::move(filter), .max_btf_size = max_btf_size});
  EXPECT_TRUE(archive) << archive.error().message;
  ScannedTar scanned;
  while (std::optional<Entry> entry = (*archive)->next()) {
    if (entry->failure) {
      scanned.failures.push_back(entry->archive_path + ": " + entry->failure->message);
    } else {
      const std::span<const std::byte> bytes = entry->content.bytes();
      EXPECT_EQ(entry->compressed_size, bytes.size());
      scanned.paths.push_back(entry->archive_path + "=" +
                              std::string(reinterpret_cast<const char*>(bytes.data()),
                                          std::min<std::size_t>(bytes.size(), 8)));
    }
  }
  scanned.found = (*archive)->findings();
  for (const Alias& alias : scanned.found.aliases) {
    scanned.aliases.push_back(alias.path + " -> " + alias.target + (alias.is_directory ? "/" : ""));
  }
  return scanned;
}

ScannedTar scan(const std::vector<TarMember>& members, Filter filter = {}) {
  return scan_bytes(test::make_tar(members), std::move(filter));
}

TEST(ScanTar, GivesKernelsInTheTarsOrder) {
  const std::string raw = test::read_file(test::kernel_path("reference"));
  const ScannedTar scanned =
      scan({{.name = "./", .type = MemberType::kDirectory},
            {.name = "./ubuntu/20.04/x86_64/5.4.btf.tar.xz", .content = "one"},
            {.name = "centos/7/3.10.btf", .content = "two"},
            {.name = "centos/7/3.10.failed", .content = "no"},
            {.name = "raw/5.10", .content = raw},
            {.name = ".git/5.4.btf", .content = "no"},
            {.name = "README.md", .content = "no"}});
  EXPECT_THAT(scanned.paths, ElementsAre("ubuntu/20.04/x86_64/5.4.btf.tar.xz=one",
                                         "centos/7/3.10.btf=two", "raw/5.10=" + raw.substr(0, 8)));
  EXPECT_THAT(scanned.found.ignored, ElementsAre("README.md", "centos/7/3.10.failed"));
}

TEST(ScanTar, LeavesOutAFolderAroundTheTree) {
  const ScannedTar scanned =
      scan({{.name = "hub-main/README.md", .content = "no"},
            {.name = "hub-main/ubuntu/20.04/x86_64/5.4.btf", .content = "one"},
            {.name = "hub-main/ubuntu/focal", .content = "20.04", .type = MemberType::kSymlink},
            {.name = "hub-main/centos/7/3.10.btf", .content = "two"}});
  EXPECT_THAT(scanned.paths,
              ElementsAre("ubuntu/20.04/x86_64/5.4.btf=one", "centos/7/3.10.btf=two"));
  EXPECT_THAT(scanned.aliases, ElementsAre("ubuntu/focal -> ubuntu/20.04/"));
  EXPECT_THAT(scanned.found.ignored, ElementsAre("README.md"));
}

TEST(ScanTar, LinksAreAliasesWhereverTheyStand) {
  const ScannedTar scanned =
      scan({{.name = "ubuntu/focal", .content = "20.04", .type = MemberType::kSymlink},
            {.name = "ubuntu/f", .content = "focal", .type = MemberType::kSymlink},
            {.name = "ubuntu/20.04/x86_64/5.4.btf", .content = "one"},
            {.name = "ubuntu/20.04/x86_64/hard.btf",
             .content = "ubuntu/20.04/x86_64/5.4.btf",
             .type = MemberType::kHardlink},
            {.name = "ubuntu/up", .content = ".", .type = MemberType::kSymlink},
            {.name = "ubuntu/out", .content = "../../etc", .type = MemberType::kSymlink},
            {.name = "ubuntu/abs", .content = "/etc", .type = MemberType::kSymlink},
            {.name = "ubuntu/nowhere", .content = "x", .type = MemberType::kSymlink},
            {.name = "../escape", .content = "ubuntu/20.04", .type = MemberType::kSymlink},
            {.name = "ubuntu/loop1", .content = "loop2", .type = MemberType::kSymlink},
            {.name = "ubuntu/loop2", .content = "loop1", .type = MemberType::kSymlink},
            {.name = "ubuntu/device.btf", .type = MemberType::kDevice}});
  EXPECT_THAT(scanned.aliases,
              ElementsAre("ubuntu/20.04/x86_64/hard.btf -> ubuntu/20.04/x86_64/5.4.btf",
                          "ubuntu/f -> ubuntu/20.04/", "ubuntu/focal -> ubuntu/20.04/"));
  EXPECT_THAT(scanned.found.ignored,
              ElementsAre("../escape", "ubuntu/abs", "ubuntu/device.btf", "ubuntu/loop1",
                          "ubuntu/loop2", "ubuntu/nowhere", "ubuntu/out", "ubuntu/up"));
}

TEST(ScanTar, NamesThatLeadOutsideFail) {
  const ScannedTar scanned = scan({{.name = "../../evil.btf", .content = "x"},
                                   {.name = "/abs/evil.btf", .content = "x"},
                                   {.name = "a/../../evil.btf", .content = "x"},
                                   {.name = "good/5.4.btf", .content = "x"}});
  EXPECT_THAT(scanned.paths, ElementsAre("good/5.4.btf=x"));
  EXPECT_THAT(scanned.failures, ElementsAre("../../evil.btf: its path leads upwards with '..'",
                                            "/abs/evil.btf: its path is absolute",
                                            "a/../../evil.btf: its path leads upwards with '..'"));
}

TEST(ScanTar, EmptyDoubleAndLargeOnesFailAlone) {
  const ScannedTar scanned =
      scan_bytes(test::make_tar({{.name = "a/empty.btf", .content = ""},
                                 {.name = "a/5.4.btf", .content = "x"},
                                 {.name = "a/5.4.btf", .content = "y"},
                                 {.name = "a/large.btf", .content = std::string(101, 'z')},
                                 {.name = "a/last.btf", .content = "x"}}),
                 {}, 100);
  EXPECT_THAT(scanned.paths, ElementsAre("a/5.4.btf=x", "a/last.btf=x"));
  EXPECT_THAT(scanned.failures,
              ElementsAre("a/empty.btf: empty: the file has no bytes",
                          "a/5.4.btf: its output would take the place of that of a/5.4.btf",
                          "a/large.btf: too large: its member 'a/large.btf' has 101 bytes, more "
                          "than the 100 allowed"));
}

TEST(ScanTar, FiltersByPath) {
  const ScannedTar scanned = scan({{.name = "ubuntu/20.04/x86_64/5.4.btf", .content = "x"},
                                   {.name = "ubuntu/20.04/arm64/5.4.btf", .content = "x"}},
                                  {.arch = {"aarch64"}});
  EXPECT_THAT(scanned.paths, ElementsAre("ubuntu/20.04/arm64/5.4.btf=x"));
  EXPECT_EQ(scanned.found.filtered_out, 1U);
}

TEST(ScanTar, ATruncatedTarLosesOnlyWhatIsMissing) {
  const std::string noise(300'000, 'n');
  const std::string tar = test::make_tar({{.name = "a/1.btf", .content = "one"},
                                          {.name = "a/2.btf", .content = noise},
                                          {.name = "a/3.btf", .content = "three"}});
  const ScannedTar scanned = scan_bytes(tar.substr(0, 200'000));
  EXPECT_THAT(scanned.paths, ElementsAre("a/1.btf=one"));
  EXPECT_THAT(scanned.failures,
              ElementsAre(StartsWith("a/2.btf: truncated: "), StartsWith("hub.tar: truncated: ")));
}

class TarOfEveryCompression : public testing::TestWithParam<Compression> {};

TEST_P(TarOfEveryCompression, IsRead) {
  const ScannedTar scanned = scan_bytes(
      test::make_tar({{.name = "a/5.4.btf", .content = std::string(200'000, 'x')}}, GetParam()));
  EXPECT_THAT(scanned.paths, ElementsAre("a/5.4.btf=xxxxxxxx"));
  EXPECT_THAT(scanned.failures, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(All, TarOfEveryCompression,
                         testing::Values(Compression::kNone, Compression::kXz, Compression::kZstd,
                                         Compression::kGzip, Compression::kBzip2));

}  // namespace
}  // namespace btfbatch
