// A test over an archive that has everything, and packs of it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/pack/make_pack.h"
#include "pipeline/pack/pack_file.h"
#include "pipeline/run.h"
#include "tests/support/archive_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"
#include "tests/support/tree.h"

namespace btfbatch::test {

class PackFixture : public testing::Test {
 protected:
  // Adds a file to the archive, and to the members of a tar of it.
  void add(const std::string& path, const std::string& content) {
    dir_.write("archive/" + path, content);
    members_.push_back({.name = path, .content = content});
  }
  void add_link(const std::string& path, const std::string& target) {
    dir_.link("archive/" + path, target);
    members_.push_back({.name = path, .content = target, .type = TarMember::Type::kSymlink});
  }
  static std::string btf(std::string_view name) { return read_file(kernel_path(name)); }
  static std::string kernel(std::string_view name) { return make_kernel_tar("k.btf", btf(name)); }

  // All test kernels, as Debian and Ubuntu might have them, under `count` names each.
  void add_kernels(int count = 2) {
    int number = 0;
    for (const std::string& name : kernel_names()) {
      for (int copy = 0; copy < count; ++copy, ++number) {
        add("debian/" + std::to_string(11 + copy) + "/x86_64/5." + std::to_string(number) +
                "-amd64.btf.tar.xz",
            kernel(name));
      }
    }
  }

  // What archives have besides good kernels.
  void add_oddities() {
    add("ubuntu/20.04/x86_64/5.4.btf", btf("reference"));
    add("ubuntu/20.04/x86_64/5.4.btf.tar.xz", kernel("twins"));  // both want 5.4.btf
    add("ubuntu/20.04/x86_64/5.5.btf.tar.xz", kernel("twins").substr(0, 300));
    add("ubuntu/20.04/x86_64/5.6.btf", "");
    add("ubuntu/20.04/x86_64/5.7.btf", btf("reference").substr(0, 200));  // packed as it is
    add("ubuntu/20.04/x86_64/5.8.failed", "");
    add("README.md", "hello");
    add_link("ubuntu/focal", "20.04");
    add_link("ubuntu/20.04/x86_64/latest.btf", "5.4.btf");
    add_link("ubuntu/20.04/x86_64/first.btf.tar.xz", "5.6.btf");
  }

  [[nodiscard]] std::filesystem::path archive() const { return dir_ / "archive"; }

  PackSummary pack(const std::filesystem::path& from, const std::filesystem::path& to,
                   PackOptions options = {}) {
    options.archive = from;
    options.out = to;
    options.jobs = options.jobs == 0 ? 2 : options.jobs;
    const auto summary = make_pack(options, {});
    EXPECT_TRUE(summary) << summary.error().error.message;
    return summary ? *summary : PackSummary();
  }

  // The tree, manifest and all, that a run from `from` writes.
  Tree run_from(const std::filesystem::path& from, const Filter& filter = {},
                Layout layout = Layout::kSymlink) {
    const std::filesystem::path out = dir_ / "out";
    std::filesystem::remove_all(out);
    RunOptions options;
    options.archive = from;
    options.objects = {object_path("field_kinds"), object_path("ambiguous_field")};
    options.out = out;
    options.layout = layout;
    options.filter = filter;
    options.jobs = 2;
    const auto summary = run(options, {});
    EXPECT_TRUE(summary) << summary.error().error.message;
    return read_tree(out);
  }

  TempDir dir_;
  std::vector<TarMember> members_;
};

}  // namespace btfbatch::test
