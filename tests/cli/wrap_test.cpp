// `btfbatch wrap` from the outside. That bpftool and pahole read the same from what it makes as
// from the BTF alone is judged by tests/judges/readers_judge.py, cilium/ebpf by cilium_judge.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class WrapProgram : public ProgramTest {
 protected:
  WrapProgram() { dir_.write("a.btf", test::read_file(kernel_path("reference"))); }

  [[nodiscard]] std::string refusal(const Arguments& arguments) const {
    Arguments whole{"wrap"};
    whole.insert(whole.end(), arguments.begin(), arguments.end());
    const ProgramResult result = btfbatch(whole);
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_FALSE(std::filesystem::exists(dir_ / "vmlinux"));
    return result.err;
  }
};

TEST_F(WrapProgram, MakesAKernelOfAnArchive) {
  const std::string place = "archive/debian/12/x86_64/vmlinux-6.1.0-1-amd64";
  add_kernel("debian/12/x86_64/6.1.0-0-amd64", "reference");
  const ProgramResult wrapped = btfbatch({"wrap", "a.btf", "-o", place});
  EXPECT_EQ(wrapped.exit_code, 0) << wrapped.err;
  EXPECT_EQ(wrapped.out + wrapped.err, "");
  ASSERT_EQ(btfbatch(job({"--layout", "copy"})).exit_code, 0);
  const std::string expected = minimized("reference", {"field_kinds"});
  const Tree tree = tree_of(out());
  EXPECT_EQ(tree.at("debian/12/x86_64/6.1.0-0-amd64.btf"), expected);
  EXPECT_EQ(tree.at("debian/12/x86_64/vmlinux-6.1.0-1-amd64.btf"), expected);
}

TEST_F(WrapProgram, ReplacesInOneStepAndLeavesNothingElse) {
  dir_.write("vmlinux", "old");
  ASSERT_EQ(btfbatch({"wrap", "-o", "vmlinux", "a.btf", "--arch", "aarch64"}).exit_code, 0);
  const Tree tree = tree_of(dir_.path());
  EXPECT_EQ(tree.size(), 2U);
  EXPECT_EQ(tree.at("vmlinux").substr(0, 4),
            "\x7f"
            "ELF");
}

TEST_F(WrapProgram, SaysWhatIsWrong) {
  EXPECT_EQ(refusal({}),
            "btfbatch: error: FILE is missing: the BTF to wrap\nSee 'btfbatch wrap --help'.\n");
  EXPECT_THAT(refusal({"a.btf"}), HasSubstr("error: -o is missing: "));
  EXPECT_THAT(refusal({"a.btf", "b.btf", "-o", "vmlinux"}),
              HasSubstr("'b.btf' is neither an option nor the value of one"));
  EXPECT_THAT(refusal({"a.btf", "-o", "vmlinux", "--arhc", "arm"}),
              HasSubstr("unknown option '--arhc'; the nearest known one is '--arch'"));
  EXPECT_THAT(refusal({"a.btf", "-o", "vmlinux", "--arch", "vax"}),
              HasSubstr("--arch: 'vax' is none of x86_64, "));
  EXPECT_EQ(refusal({"none.btf", "-o", "vmlinux"}),
            "btfbatch: error: none.btf: cannot be opened: No such file or directory\n");
  EXPECT_EQ(refusal({".", "-o", "vmlinux"}), "btfbatch: error: .: is a folder, not a file\n");
  dir_.write("text.btf", "hello");
  EXPECT_THAT(refusal({"text.btf", "-o", "vmlinux"}),
              HasSubstr("error: text.btf: not a valid BTF: "));
  EXPECT_THAT(refusal({object_path("field_kinds"), "-o", "vmlinux"}),
              HasSubstr("field_kinds.bpf.o: is an ELF file already"));
}

TEST_F(WrapProgram, SaysWhereItCannotWrite) {
  const ProgramResult result = btfbatch({"wrap", "a.btf", "-o", "none/vmlinux"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err,
            "btfbatch: error: none/vmlinux: cannot be created: No such file or directory\n");
  EXPECT_EQ(btfbatch({"wrap", "a.btf", "-o", "."}).exit_code, 3);
}

TEST_F(WrapProgram, HelpTeaches) {
  const ProgramResult result = btfbatch({"wrap", "--help"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, AllOf(HasSubstr("Usage: btfbatch wrap FILE -o vmlinux-KERNEL"),
                                HasSubstr("-o,--output FILE"), HasSubstr("--arch ARCH"),
                                HasSubstr("Exit codes:")));
  EXPECT_THAT(btfbatch({"--help"}).out, HasSubstr("  wrap     makes of a BTF file"));
}

}  // namespace
}  // namespace btfbatch::test
