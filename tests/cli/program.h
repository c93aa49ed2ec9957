// What the tests of the program from the outside have in common: a folder with an archive, the job
// over it, and the tree that comes of it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/archive_writer.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"

namespace btfbatch::test {

// The kernels of ProgramTest::add_good_kernels(), as they stand below an archive.
constexpr const char* kArm = "debian/12/arm64/6.1.0-1-arm64";
constexpr const char* kAmd1 = "debian/12/x86_64/6.1.0-1-amd64";
constexpr const char* kAmd2 = "debian/12/x86_64/6.1.0-2-amd64";
constexpr const char* kGeneric1 = "ubuntu/20.04/x86_64/5.4.0-1-generic";
constexpr const char* kGeneric2 = "ubuntu/20.04/x86_64/5.4.0-2-generic";

using Arguments = std::vector<std::string>;

// Path below a folder → content of the file, or "-> " and where the symbolic link leads.
using Tree = std::map<std::string, std::string>;
[[nodiscard]] Tree tree_of(const std::filesystem::path& folder);

// The bytes that the kernel of the test data comes to for the objects of the test data, by the
// library alone.
[[nodiscard]] std::string minimized(std::string_view kernel,
                                    const std::vector<std::string>& objects);

// Each line of `text` parsed; a line that is no JSON fails the test.
[[nodiscard]] std::vector<nlohmann::json> json_lines(const std::string& text);

// A test over dir_/archive and dir_/out.
class ProgramTest : public ::testing::Test {
 protected:
  // Puts the test data's kernel at `path` (such as "debian/12/x86_64/6.1.0-1-amd64") as
  // .btf.tar.xz.
  void add_kernel(std::string_view path, std::string_view kernel);

  // Five kernels of three contents, all good for field_kinds.
  void add_good_kernels();

  // btfbatch with any arguments.
  [[nodiscard]] ProgramResult btfbatch(const Arguments& arguments) const;

  // The arguments of a job from dir_/archive to dir_/out over `objects` of the test data.
  [[nodiscard]] Arguments job(const Arguments& more = {},
                              const std::vector<std::string>& objects = {"field_kinds"}) const;

  // The same with the name of the executable before it.
  [[nodiscard]] static Arguments command(const Arguments& arguments);

  [[nodiscard]] std::filesystem::path archive() const { return dir_ / "archive"; }
  [[nodiscard]] std::filesystem::path out() const { return dir_ / "out"; }
  [[nodiscard]] nlohmann::json manifest() const;

  TempDir dir_;
};

}  // namespace btfbatch::test
