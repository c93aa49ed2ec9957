// One of each kind of bad file beside good ones: the good ones are written, each bad one is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class BadInput : public ProgramTest {
 protected:
  void SetUp() override {
    add_good_kernels();
    btf_ = test::read_file(kernel_path("reference"));
  }

  void add_bad(const std::string& name, std::string_view content) {
    dir_.write("archive/" + path_of(name), content);
  }

  static std::string path_of(const std::string& name) { return "bad/1/x86_64/" + name; }

  // The line about a bad file on standard error, or "".
  static std::string complaint(const ProgramResult& result, const std::string& name) {
    const std::string begin = "btfbatch: error: " + path_of(name) + ": ";
    const auto at = result.err.find(begin);
    if (at == std::string::npos) {
      return "";
    }
    const auto from = at + begin.size();
    return result.err.substr(from, result.err.find('\n', from) - from);
  }

  void expect_good_kernels_written() const {
    EXPECT_EQ(test::read_file(out() / "debian/12/x86_64/6.1.0-2-amd64.btf"),
              minimized("reference", {"field_kinds"}));
    EXPECT_EQ(test::read_file(out() / "ubuntu/20.04/x86_64/5.4.0-1-generic.btf"),
              minimized("moved_fields", {"field_kinds"}));
  }

  std::string btf_;
};

TEST_F(BadInput, CostsNothingButItself) {
  const std::string good = make_kernel_tar("k.btf", btf_);
  add_bad("empty.btf.tar.xz", "");
  add_bad("truncated.btf.tar.xz", good.substr(0, good.size() / 2));
  add_bad("text.btf.tar.xz", "this is not xz");
  std::string flipped = good;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 0x10);
  add_bad("flipped.btf.tar.xz", flipped);
  add_bad("xz-of-text.btf.tar.xz", compress("no tar inside", Compression::kXz));
  add_bad("no-members.btf.tar.xz", make_tar({}, Compression::kXz));
  add_bad("no-btf.btf.tar.xz", make_kernel_tar("README", "hello"));
  add_bad("two.btf.tar.xz",
          make_tar({{.name = "a.btf", .content = btf_}, {.name = "b.btf", .content = btf_}},
                   Compression::kXz));
  add_bad("symlink.btf.tar.xz",
          make_tar({{.name = "k.btf", .content = "/etc/passwd", .type = TarMember::Type::kSymlink}},
                   Compression::kXz));
  add_bad(
      "hardlink.btf.tar.xz",
      make_tar({{.name = "k.btf", .content = "/etc/passwd", .type = TarMember::Type::kHardlink}},
               Compression::kXz));
  add_bad("device.btf.tar.xz",
          make_tar({{.name = "k.btf", .content = "", .type = TarMember::Type::kDevice}},
                   Compression::kXz));
  add_bad("cut-btf.btf.tar.xz", make_kernel_tar("k.btf", btf_.substr(0, btf_.size() - 9)));
  add_bad("magic-only.btf.tar.xz", make_kernel_tar("k.btf", btf_.substr(0, 4)));

  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 2) << result.err;
  expect_good_kernels_written();
  EXPECT_THAT(result.out, HasSubstr("  written      5\n"));
  EXPECT_THAT(result.out, HasSubstr("  failed       13\n"));
  EXPECT_FALSE(fs::exists(out() / "bad"));

  EXPECT_THAT(complaint(result, "empty.btf.tar.xz"), HasSubstr("empty"));
  EXPECT_NE(complaint(result, "truncated.btf.tar.xz"), "");
  EXPECT_THAT(complaint(result, "text.btf.tar.xz"), HasSubstr("not xz"));
  EXPECT_NE(complaint(result, "flipped.btf.tar.xz"), "");
  EXPECT_THAT(complaint(result, "xz-of-text.btf.tar.xz"), HasSubstr("no BTF inside"));
  EXPECT_THAT(complaint(result, "no-members.btf.tar.xz"), HasSubstr("no BTF inside"));
  EXPECT_THAT(complaint(result, "no-btf.btf.tar.xz"), HasSubstr("no BTF inside"));
  EXPECT_THAT(complaint(result, "two.btf.tar.xz"),
              AllOf(HasSubstr("several"), HasSubstr("a.btf"), HasSubstr("b.btf")));
  for (const char* name : {"symlink.btf.tar.xz", "hardlink.btf.tar.xz", "device.btf.tar.xz"}) {
    EXPECT_THAT(complaint(result, name), AllOf(HasSubstr("no BTF inside"), HasSubstr("link")))
        << name;
  }
  EXPECT_THAT(complaint(result, "cut-btf.btf.tar.xz"), HasSubstr("string section"));
  EXPECT_THAT(complaint(result, "magic-only.btf.tar.xz"), HasSubstr("header"));

  // The manifest says the same.
  std::size_t failed = 0;
  const nlohmann::json whole = manifest();
  for (const auto& kernel : whole.at("kernels")) {
    if (kernel.at("outcome") == "failed") {
      ++failed;
      EXPECT_FALSE(kernel.at("reasons").empty());
    }
  }
  EXPECT_EQ(failed, 13U);
}

TEST_F(BadInput, MemberNamesLeadNowhere) {
  add_bad("absolute.btf.tar.xz", make_kernel_tar((dir_ / "evil.btf").string(), btf_));
  add_bad("parent.btf.tar.xz", make_kernel_tar("../../../../evil.btf", btf_));
  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  // Content is taken by its magic and placed by the path of its file.
  const std::string expected = minimized("reference", {"field_kinds"});
  EXPECT_EQ(test::read_file(out() / "bad/1/x86_64/absolute.btf"), expected);
  EXPECT_EQ(test::read_file(out() / "bad/1/x86_64/parent.btf"), expected);
  for (const auto& entry : fs::recursive_directory_iterator(dir_.path())) {
    EXPECT_THAT(entry.path().string(), Not(HasSubstr("evil")));
  }
}

TEST_F(BadInput, ATarOfKernelsWritesNothingOutsideTheOutput) {
  const std::string kernel = make_kernel_tar("k.btf", btf_);
  dir_.write("hostile.tar",
             make_tar({{.name = "good/1/x86_64/1.0.btf.tar.xz", .content = kernel},
                       {.name = "../../evil/1/x86_64/1.0.btf.tar.xz", .content = kernel},
                       {.name = (dir_ / "evil/2.0.btf.tar.xz").string(), .content = kernel}}));
  const ProgramResult result = btfbatch(
      {"--archive", "hostile.tar", "--objs", object_path("field_kinds"), "--out", "deep/er/out"});
  EXPECT_EQ(test::read_file(dir_ / "deep/er/out/good/1/x86_64/1.0.btf"),
            minimized("reference", {"field_kinds"}));
  EXPECT_FALSE(fs::exists(dir_ / "evil"));
  EXPECT_FALSE(fs::exists(dir_ / "deep/evil"));
  EXPECT_THAT(result.exit_code, ::testing::AnyOf(0, 2)) << result.err;
}

TEST_F(BadInput, WhatIsTooLargeFails) {
  std::string large = btf_;
  large.resize(std::size_t{1} << 20);
  add_bad("large.btf.tar.xz", make_kernel_tar("k.btf", large));
  add_bad("large-raw.btf", large);
  add_bad("large-packed.btf.xz", compress(large, Compression::kXz));
  const ProgramResult result = btfbatch(job({"--max-btf-size", "64KiB"}));
  EXPECT_EQ(result.exit_code, 2) << result.err;
  expect_good_kernels_written();
  for (const char* name : {"large.btf.tar.xz", "large-raw.btf", "large-packed.btf.xz"}) {
    EXPECT_THAT(complaint(result, name), AllOf(HasSubstr("large"), HasSubstr("65536"))) << name;
  }
}

TEST_F(BadInput, SymlinkLoopsAreNotFollowed) {
  dir_.link("archive/bad/1/x86_64", "..");
  dir_.link("archive/bad/self.btf.tar.xz", "self.btf.tar.xz");
  dir_.link("archive/up", "../archive");
  dir_.link("archive/bad/dangling.btf.tar.xz", "nowhere.btf.tar.xz");
  const ProgramResult result = btfbatch(job());
  EXPECT_THAT(result.exit_code, ::testing::AnyOf(0, 2)) << result.err;
  expect_good_kernels_written();
  EXPECT_THAT(result.out, HasSubstr("  written      5\n"));
}

TEST_F(BadInput, AnUnreadableFileFailsAlone) {
  if (::geteuid() == 0) {
    // Root may read everything; a folder in the place of a file cannot be read by anybody.
    fs::create_directories(archive() / path_of("folder.btf.tar.xz"));
    EXPECT_EQ(btfbatch(job()).exit_code, 0);
    expect_good_kernels_written();
    return;
  }
  add_bad("secret.btf.tar.xz", make_kernel_tar("k.btf", btf_));
  fs::permissions(archive() / path_of("secret.btf.tar.xz"), fs::perms::none);
  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(complaint(result, "secret.btf.tar.xz"), HasSubstr("Permission denied"));
  expect_good_kernels_written();
}

TEST_F(BadInput, AFifoInTheArchiveDoesNotBlock) {
  fs::create_directories(archive() / "bad/1/x86_64");
  ASSERT_EQ(::mkfifo((archive() / path_of("fifo.btf.tar.xz")).c_str(), 0600), 0);
  const ProgramResult result = btfbatch(job());
  EXPECT_THAT(result.exit_code, ::testing::AnyOf(0, 2)) << result.err;
  expect_good_kernels_written();
}

TEST_F(BadInput, MarkersAndReadmesAreNoKernels) {
  add_bad("6.1.0-9.failed", "");
  add_bad("6.1.0-8.hasbtf", "");
  add_bad("README.md", "# Kernels");
  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("  ignored      3 files that hold no kernel\n"));
}

TEST_F(BadInput, NamesWithControlCharactersDoNotReachTheTerminal) {
  add_bad("esc\x1b[2Jape.btf.tar.xz", "not xz");
  const ProgramResult result = btfbatch(job());
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, AllOf(HasSubstr("esc\\x1b[2Jape"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(result.out, AllOf(HasSubstr("esc\\x1b[2Jape"), Not(HasSubstr("\x1b"))));
}

}  // namespace
}  // namespace btfbatch::test
