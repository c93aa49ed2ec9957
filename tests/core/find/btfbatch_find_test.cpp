// Opening a .btfs file, and reading a host. What is found for which host: hosts_test.cpp.
#include "core/find/btfbatch_find.h"

#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/find/btfs_writer.h"
#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

using test::as_byte_span;
using test::TempDir;
using Bytes = std::vector<std::byte>;

Bytes small_file() {
  const std::string_view btf = "not really BTF";
  return write_btfs(std::vector{BtfsKernel{.identity = {.distro = "debian",
                                                        .release = "12",
                                                        .arch = "x86_64",
                                                        .kernel_release = "6.1.0-9-amd64"},
                                           .btf = as_byte_span(btf)},
                                BtfsKernel{.identity = {.distro = "ubuntu",
                                                        .release = "20.04",
                                                        .arch = "x86_64",
                                                        .kernel_release = "5.4.0-58-generic"},
                                           .btf = as_byte_span(btf).first(9)}},
                    {})
      .value();
}

// A copy of its own, of just this size, so that a sanitizer sees a read behind its end.
btfbatch_status open(std::span<const std::byte> bytes) {
  const std::unique_ptr<std::byte[]> copy(new std::byte[bytes.size()]);
  std::ranges::copy(bytes, copy.get());
  btfbatch_btfs btfs;
  return btfbatch_open(&btfs, copy.get(), bytes.size());
}

void reseal(Bytes& file) {
  std::uint64_t checksum = btfs_checksum(file);
  std::memcpy(file.data() + BTFBATCH_BTFS_CHECKSUM_OFFSET, &checksum, sizeof checksum);
}

TEST(BtfsOpen, RefusesEveryTruncation) {
  const Bytes file = small_file();
  EXPECT_EQ(open(file), BTFBATCH_OK);
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_EQ(open(std::span(file).first(size)), size < 8 ? BTFBATCH_NOT_BTFS : BTFBATCH_DAMAGED)
        << size;
  }
  Bytes longer = file;
  longer.resize(longer.size() + 8);
  EXPECT_EQ(open(longer), BTFBATCH_DAMAGED);
}

TEST(BtfsOpen, RefusesEveryChangedByte) {
  const Bytes file = small_file();
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = file;
      changed[at] ^= std::byte{1} << bit;
      const btfbatch_status expected = at < 8    ? BTFBATCH_NOT_BTFS
                                       : at < 10 ? BTFBATCH_TOO_NEW
                                                 : BTFBATCH_DAMAGED;
      EXPECT_EQ(open(changed), expected) << at;
    }
  }
}

// With the checksum made right again, the rest of the checks has to hold: nothing may be read
// outside (the sanitizers see to it), and what opens can be used.
TEST(BtfsOpen, SurvivesEveryByteWithARightChecksum) {
  const Bytes file = small_file();
  std::size_t opened = 0;
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const int value : {0, 1, 2, 3, 4, 7, 8, 9, 0x2f, 0x7f, 0x80, 0xff}) {
      const auto changed = std::make_unique<Bytes>(file);
      (*changed)[at] = static_cast<std::byte>(value);
      reseal(*changed);
      btfbatch_btfs btfs;
      if (btfbatch_open(&btfs, changed->data(), changed->size()) != BTFBATCH_OK) {
        continue;
      }
      ++opened;
      for (std::size_t i = 0; i < btfbatch_kernel_count(&btfs); ++i) {
        btfbatch_kernel kernel;
        ASSERT_EQ(btfbatch_kernel_at(&btfs, i, &kernel), BTFBATCH_OK);
        const auto* begin = static_cast<const std::byte*>(kernel.data);
        ASSERT_GE(begin, changed->data());
        ASSERT_LE(begin + kernel.size, changed->data() + changed->size());
      }
    }
  }
  EXPECT_GT(opened, 0U);
}

TEST(BtfsOpen, TellsACompressedFileAndANewerOne) {
  Bytes file = small_file();
  file[32] = std::byte{BTFBATCH_ZSTD};
  reseal(file);
  EXPECT_EQ(open(file), BTFBATCH_COMPRESSED);
  EXPECT_NE(std::string(btfbatch_status_text(BTFBATCH_COMPRESSED)).find("stored"),
            std::string::npos);
  file[32] = std::byte{2};
  reseal(file);
  EXPECT_EQ(open(file), BTFBATCH_TOO_NEW);
  file = small_file();
  file[8] = std::byte{2};
  EXPECT_EQ(open(file), BTFBATCH_TOO_NEW);
}

// A later minor version: a longer header, a section of an unknown type.
TEST(BtfsOpen, PassesOverWhatALaterMinorVersionAdds) {
  const Bytes small = small_file();
  Bytes file(small.begin(), small.begin() + BTFBATCH_BTFS_HEADER_SIZE);
  file.resize(file.size() + 16);
  file.insert(file.end(), small.begin() + BTFBATCH_BTFS_HEADER_SIZE, small.end());
  file[10] = std::byte{1};
  file[12] = std::byte{BTFBATCH_BTFS_HEADER_SIZE + 16};
  // An entry more in the table of sections, before the others; these move.
  const std::size_t table = BTFBATCH_BTFS_HEADER_SIZE + 16;
  Bytes entry(BTFBATCH_BTFS_SECTION_ENTRY_SIZE);
  entry[0] = std::byte{99};
  file.insert(file.begin() + table, entry.begin(), entry.end());
  for (std::size_t i = 1; i <= 4; ++i) {
    auto& offset = file[table + i * BTFBATCH_BTFS_SECTION_ENTRY_SIZE + 8];
    const unsigned moved = std::to_integer<unsigned>(offset) + BTFBATCH_BTFS_SECTION_ENTRY_SIZE;
    offset = static_cast<std::byte>(moved);
    if (moved > 255) {
      file[table + i * BTFBATCH_BTFS_SECTION_ENTRY_SIZE + 9] = static_cast<std::byte>(
          std::to_integer<unsigned>(file[table + i * BTFBATCH_BTFS_SECTION_ENTRY_SIZE + 9]) + 1);
    }
  }
  file[36] = std::byte{5};
  seal_btfs(file, {.compression = BTFBATCH_STORED, .payload_size = file.size() - table});
  btfbatch_btfs btfs;
  ASSERT_EQ(btfbatch_open(&btfs, file.data(), file.size()), BTFBATCH_OK);
  EXPECT_EQ(btfbatch_kernel_count(&btfs), 2U);
}

TEST(BtfsOpen, RefusesNoArguments) {
  btfbatch_btfs btfs;
  EXPECT_EQ(btfbatch_open(&btfs, nullptr, 0), BTFBATCH_INVALID);
  EXPECT_EQ(btfbatch_open(nullptr, "", 0), BTFBATCH_INVALID);
}

TEST(HostRead, TakesThisKernelAndTheRootsOsRelease) {
  const TempDir root;
  root.write("etc/os-release", "ID=one\nVERSION_ID='1'\n");
  root.write("usr/lib/os-release", "ID=two\n");
  btfbatch_host host;
  ASSERT_EQ(btfbatch_host_read(&host, root.path().c_str()), BTFBATCH_OK);
  utsname names;
  ASSERT_EQ(uname(&names), 0);
  EXPECT_STREQ(host.kernel_release, names.release);
  EXPECT_STREQ(host.machine, names.machine);
  EXPECT_STREQ(host.id, "one");
  EXPECT_STREQ(host.version_id, "1");
  std::filesystem::remove(root / "etc/os-release");
  ASSERT_EQ(btfbatch_host_read(&host, root.path().c_str()), BTFBATCH_OK);
  EXPECT_STREQ(host.id, "two");
  EXPECT_STREQ(host.version_id, "");
  // A link to an absolute path means the host's, not ours.
  root.write("static/os-release", "ID=three\n");
  root.link("etc/os-release", "/static/os-release");
  ASSERT_EQ(btfbatch_host_read(&host, root.path().c_str()), BTFBATCH_OK);
  EXPECT_STREQ(host.id, "three");
  std::filesystem::remove_all(root.path());
  ASSERT_EQ(btfbatch_host_read(&host, root.path().c_str()), BTFBATCH_OK);
  EXPECT_STREQ(host.id, "");
  EXPECT_STREQ(host.kernel_release, names.release);
}

std::string id_under(const std::filesystem::path& root) {
  btfbatch_host host;
  EXPECT_EQ(btfbatch_host_read(&host, root.c_str()), BTFBATCH_OK);
  return host.id;
}

TEST(HostRead, FollowsLinksWithinTheRoot) {
  const TempDir around;
  const std::filesystem::path root = around / "host";
  around.write("os-release", "ID=outside\n");
  around.write("host/nix/store/release", "ID=inside\n");
  around.write("host/os-release", "ID=at-the-root\n");
  // Folders on the way, links to links, from above and from here.
  around.link("host/etc", "/static/../static/etc");
  around.link("host/static", "nix/static");
  around.link("host/nix/static/etc/os-release", "/nix/store/../store/./link");
  around.link("host/nix/store/link", "../../../../../../nix/store/release");
  EXPECT_EQ(id_under(root), "inside");
  EXPECT_EQ(id_under(root / ""), "inside");
  // Where the way climbs over the root, it stays there, as in a chroot.
  std::filesystem::remove(root / "etc");
  around.link("host/etc/os-release", "../../os-release");
  EXPECT_EQ(id_under(root), "at-the-root");
  std::filesystem::remove(root / "etc/os-release");
  around.link("host/etc/os-release", "../../../" + around.path().string() + "/os-release");
  EXPECT_EQ(id_under(root), "");
  // The second path, where the first leads nowhere.
  around.write("host/usr/lib/os-release", "ID=second\n");
  EXPECT_EQ(id_under(root), "second");
  std::filesystem::remove(root / "etc/os-release");
  around.link("host/etc/os-release", "circle");
  around.link("host/etc/circle", "os-release");
  btfbatch_host host;
  EXPECT_EQ(btfbatch_host_read(&host, root.c_str()), BTFBATCH_SYSTEM);
  EXPECT_EQ(errno, ELOOP);
}

std::string parsed_id(std::string_view text) {
  btfbatch_host host{};
  EXPECT_EQ(btfbatch_host_parse(&host, text.data(), text.size()), BTFBATCH_OK);
  return host.id;
}

TEST(HostParse, ReadsValuesAsAShellDoes) {
  EXPECT_EQ(parsed_id("ID=a"), "a");
  EXPECT_EQ(parsed_id("ID=a # comment\n"), "a");
  EXPECT_EQ(parsed_id("ID=\"a b\"\r\n"), "a b");
  EXPECT_EQ(parsed_id("ID='a\\b'\n"), "a\\b");
  EXPECT_EQ(parsed_id("ID=\"a\\\"\\$\\x\"\n"), "a\"$\\x");
  EXPECT_EQ(parsed_id("ID=a\\ b\n"), "a b");
  EXPECT_EQ(parsed_id("ID=a'b'\"c\"\n"), "abc");
  EXPECT_EQ(parsed_id("ID=a\nID=b\n"), "b");
  EXPECT_EQ(parsed_id("ID=\n"), "");
  EXPECT_EQ(parsed_id("ID"), "");
  EXPECT_EQ(parsed_id("#ID=a\nXID=a\nID_=a\n"), "");
  EXPECT_EQ(parsed_id("ID='a"), "a");
  EXPECT_EQ(parsed_id("ID=a\\"), "a\\");
  EXPECT_EQ(parsed_id("ID=" + std::string(63, 'a')), std::string(63, 'a'));
  EXPECT_EQ(parsed_id("ID=" + std::string(64, 'a')), "");
}

TEST(Find, ReadsTheDirectoryOrSaysWhyNot) {
  const TempDir root;
  const auto result = std::make_unique<btfbatch_result>();
  btfbatch_host host{};
  std::strcpy(host.machine, "x86_64");
  std::strcpy(host.kernel_release, "5.4.0-58-generic");
  EXPECT_EQ(btfbatch_find_in_directory((root / "none").c_str(), &host, nullptr, result.get()),
            BTFBATCH_SYSTEM);
  EXPECT_EQ(errno, ENOENT);
  // Links between folders, as the layout "symlink" has them, one that leads nowhere, and a circle.
  root.write("ubuntu/20.04/x86_64/5.4.0-58-generic.btf", "btf");
  root.link("ubuntu/focal", "20.04");
  root.link("ubuntu/20.04/x86_64/5.4.0-59-generic.btf", "gone.btf");
  root.link("ubuntu/20.04/x86_64/circle", "../..");
  root.write("ubuntu/22.04/x86_64/5.4.0-58-generic.btf", "");
  ASSERT_EQ(btfbatch_find_in_directory((root.path() / "").c_str(), &host, nullptr, result.get()),
            BTFBATCH_OK);
  EXPECT_STREQ(result->release, "20.04");
  EXPECT_EQ(test::read_file(result->path), "btf");
  std::strcpy(host.kernel_release, "5.4.0-59-generic");
  EXPECT_EQ(btfbatch_find_in_directory(root.path().c_str(), &host, nullptr, result.get()),
            BTFBATCH_NOT_FOUND);
}

TEST(Memfd, HoldsTheBytesAtItsPath) {
  char path[BTFBATCH_FD_PATH_SIZE];
  const int file = btfbatch_memfd("some bytes", 10, path);
  ASSERT_GE(file, 0);
  EXPECT_EQ(test::read_file(path), "some bytes");
  EXPECT_EQ(close(file), 0);
}

}  // namespace
}  // namespace btfbatch
