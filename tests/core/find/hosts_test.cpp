// Every host of tests/data/hosts.txt gets what the table says, from a .btfs file and from a tree.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/find/btfbatch_find.h"
#include "core/find/btfs_writer.h"
#include "tests/support/hosts_table.h"
#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

using test::answer_of;
using test::expect_answer;
using test::host_of;
using test::HostAnswer;
using test::HostRow;
using test::HostsTable;

TEST(HostsTable, HoldsForABtfsFile) {
  const HostsTable table = test::read_hosts_table();
  for (const HostRow& row : table.hosts) {
    SCOPED_TRACE("hosts.txt:" + std::to_string(row.line));
    std::map<std::string, std::string> content_of;
    std::vector<BtfsKernel> kernels;
    for (const auto& [path, content] : table.archives.at(row.archive)) {
      const KernelIdentity identity = identify_kernel(path + ".btf");
      kernels.push_back({.identity = identity, .btf = test::as_byte_span(content)});
      content_of[identity.distro + "/" + identity.release + "/" + identity.arch + "/" +
                 identity.kernel_release] = content;
    }
    const auto file = write_btfs(kernels, {});
    ASSERT_TRUE(file) << file.error().message;
    btfbatch_btfs btfs;
    ASSERT_EQ(btfbatch_open(&btfs, file->data(), file->size()), BTFBATCH_OK);
    const auto found = std::make_unique<btfbatch_result>();
    const HostAnswer answer = answer_of(
        row,
        [&](const auto& host, const auto& options, auto& result) {
          return btfbatch_find(&btfs, &host, &options, &result);
        },
        *found);
    expect_answer(row, answer);
    if (found->data != nullptr) {
      EXPECT_EQ(std::string(static_cast<const char*>(found->data), found->size),
                content_of.at(answer.keys.at(0)));
    }
  }
}

TEST(HostsTable, HoldsForADirectory) {
  const HostsTable table = test::read_hosts_table();
  std::map<std::string, test::TempDir> trees;
  for (const auto& [name, kernels] : table.archives) {
    for (const auto& [path, content] : kernels) {
      trees[name].write(path + ".btf", content);
    }
  }
  for (const HostRow& row : table.hosts) {
    SCOPED_TRACE("hosts.txt:" + std::to_string(row.line));
    const std::string root = trees[row.archive].path().string();
    const auto found = std::make_unique<btfbatch_result>();
    const HostAnswer answer = answer_of(
        row,
        [&](const auto& host, const auto& options, auto& result) {
          return btfbatch_find_in_directory(root.c_str(), &host, &options, &result);
        },
        *found);
    expect_answer(row, answer);
    for (const auto& [path, content] : table.archives.at(row.archive)) {
      if (found->path == root + "/" + path + ".btf") {
        EXPECT_EQ(test::read_file(found->path), content);
      }
    }
    EXPECT_EQ(found->path[0] != 0, answer.keys.size() == 1 && answer.result != "refused");
  }
}

// What --explain shows: every key in order, and why.
TEST(Explain, TellsEveryKeyInOrder) {
  const std::vector<BtfsKernel> kernels = {
      {.identity = {.distro = "fedora",
                    .release = "31",
                    .arch = "aarch64",
                    .kernel_release = "5.3.7-301.fc31.aarch64"},
       .btf = test::as_byte_span("btf")}};
  const auto file = write_btfs(kernels, {});
  ASSERT_TRUE(file);
  btfbatch_btfs btfs;
  ASSERT_EQ(btfbatch_open(&btfs, file->data(), file->size()), BTFBATCH_OK);
  HostRow row;
  row.os_release = "ID=debian\nVERSION_ID=12\n";
  row.machine = "aarch64";
  row.kernel_release = "5.3.7-301.fc31.aarch64";
  const auto find = [&](const auto& host, const auto& options, auto& result) {
    return btfbatch_find(&btfs, &host, &options, &result);
  };
  const auto found = std::make_unique<btfbatch_result>();
  EXPECT_EQ(
      answer_of(row, find, *found).explained,
      "  the kernel release names another distro than os-release, which is a container's then: "
      "first what the kernel release says\n"
      "    fedora/31/arm64/5.3.7-301.fc31.aarch64: not in the archive\n"
      "    fedora/31/arm64/5.3.7-301.fc31: not in the archive\n"
      "    fedora/31/aarch64/5.3.7-301.fc31.aarch64: there\n");
  row.os_release = "ID=fedora\nVERSION_ID=30\n";
  row.kernel_release = "5.3.7-301.aarch64";
  EXPECT_EQ(answer_of(row, find, *found).explained,
            "  what os-release says\n"
            "    fedora/30/*/*: the archive has no such release\n"
            "    fedora/Thirty/*/*: the archive has no such release\n"
            "  the same distros, any release\n"
            "    fedora/*/*/5.3.7-301.aarch64: not in the archive\n"
            "  any distro\n"
            "    */*/*/5.3.7-301.aarch64: not in the archive\n");
  row.os_release = "ID=debian\nVERSION_ID=12\n";
  row.kernel_release = "5.10.0";
  EXPECT_EQ(answer_of(row, find, *found).explained,
            "  what os-release says\n"
            "    debian/*/*/*: the archive has no such distro\n"
            "  the same distros, any release\n"
            "  not tried under other distros: the kernel release is a bare version\n");
}

// The choices are the first by name, whatever their order in the archive; the count is of all.
TEST(Choices, AreTheFirstByNameAndCountedInAll) {
  const test::TempDir tree;
  for (int i = 0; i < 12; ++i) {
    const std::string release = std::to_string(10 + (i * 5) % 12);
    tree.write("ubuntu/" + release + "/x86_64/5.4.0-58-generic.btf", "btf " + release);
  }
  HostRow row;
  row.machine = "x86_64";
  row.kernel_release = "5.4.0-58-generic";
  const auto found = std::make_unique<btfbatch_result>();
  const btfbatch_host host = host_of(row);
  ASSERT_EQ(btfbatch_find_in_directory(tree.path().c_str(), &host, nullptr, found.get()),
            BTFBATCH_AMBIGUOUS);
  ASSERT_EQ(found->choice_count, 12U);
  for (int i = 0; i < BTFBATCH_MAX_CHOICES; ++i) {
    EXPECT_EQ(found->choices[i], "ubuntu/" + std::to_string(10 + i) + "/x86_64/5.4.0-58-generic");
  }
}

}  // namespace
}  // namespace btfbatch
