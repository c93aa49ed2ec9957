#include "pipeline/admission.h"

#include <gtest/gtest.h>

namespace btfbatch {
namespace {

TEST(JudgeName, TellsKernelsFromMarkers) {
  for (const char* name :
       {"5.4.btf", "5.4.btf.tar.xz", "5.4.btf.tar.zst", "5.4.btf.tar.gz", "5.4.btf.tar.bz2",
        "5.4.btf.xz", "5.4.tar", "5.4.tgz", "vmlinux", "vmlinux-5.4"}) {
    EXPECT_EQ(judge_name(name), NameSays::kKernel) << name;
  }
  for (const char* name : {"5.4.failed", "5.4.hasbtf", "vmlinux-5.4.failed"}) {
    EXPECT_EQ(judge_name(name), NameSays::kNotKernel) << name;
  }
  for (const char* name : {"README.md", "5.4.0-58-generic", "manual.gz", "btf"}) {
    EXPECT_EQ(judge_name(name), NameSays::kNothing) << name;
  }
}

TEST(HasHiddenPart, LooksAtEveryPart) {
  EXPECT_TRUE(has_hidden_part(".git/config"));
  EXPECT_TRUE(has_hidden_part("a/.b/c"));
  EXPECT_TRUE(has_hidden_part("a/.btf"));
  EXPECT_FALSE(has_hidden_part("a/b.c/../d"));
}

TEST(CheckOutputPath, RefusesWhatLeadsElsewhere) {
  EXPECT_FALSE(check_output_path("ubuntu/20.04/x86_64/5.4.btf"));
  EXPECT_FALSE(check_output_path("\u00fcbuntu/\u2603/\U0001F427.btf"));
  const auto reason = [](std::string_view path) {
    const std::optional<Error> unfit = check_output_path(path);
    return unfit ? unfit->message : std::string();
  };
  EXPECT_EQ(reason("/etc/x.btf"), "its path is absolute");
  EXPECT_EQ(reason("../x.btf"), "its path leads upwards with '..'");
  EXPECT_EQ(reason("a/../../x.btf"), "its path leads upwards with '..'");
  EXPECT_EQ(reason("a//x.btf"), "its path has an empty part");
  EXPECT_EQ(reason("a/./x.btf"), "its path has an empty part");
  EXPECT_EQ(reason(""), "its path is empty");
  EXPECT_EQ(reason(std::string_view("a\0b/c/d.btf", 11)), "its path has a NUL byte");
  for (const char* own : {"btfbatch.json/x86_64/x.btf", "index.json/x.btf", ".btfbatch-staging",
                          ".btfbatch-staging/blobs/x.btf"}) {
    EXPECT_EQ(reason(own), "its path is that of a file of btfbatch's own");
  }
  for (const char* other : {"a/btfbatch.json/x.btf", "btfbatch.json.btf", "btfbatch.jso/x.btf"}) {
    EXPECT_EQ(reason(other), "");
  }
  EXPECT_EQ(reason(std::string(256, 'a')), "its name is too long");
  std::string deep;
  for (int i = 0; i < 2000; ++i) {
    deep += "a/";
  }
  EXPECT_EQ(reason(deep + "x.btf"), "its path is too long");
  for (const char* broken : {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80",
                             "\xe0\x80\xaf", "\xf4\x90\x80\x80", "\xf0\x80\x80\x80"}) {
    EXPECT_EQ(reason(broken), "its path is not UTF-8");
  }
}

TEST(Admission, GivesAnOutputPathToOneKernelOnly) {
  Admission admission({});
  EXPECT_FALSE(admission.admit("a/5.4.btf")->failure);
  const auto second = admission.admit("a/5.4.btf.tar.xz");
  ASSERT_TRUE(second->failure);
  EXPECT_EQ(second->failure->message, "its output would take the place of that of a/5.4.btf");
  EXPECT_FALSE(admission.admit("b/5.4.btf.tar.xz")->failure);
}

TEST(Admission, NoOutputIsAFolderOfAnother) {
  Admission admission({});
  EXPECT_FALSE(admission.admit("a/x.btf.tar.xz")->failure);
  EXPECT_TRUE(admission.admit("a/x.btf/y.btf")->failure);
  EXPECT_FALSE(admission.admit("b/x.btf/y.btf")->failure);
  EXPECT_TRUE(admission.admit("b/x.btf.tar.xz")->failure);
}

TEST(Admission, AFailedKernelTakesNoPath) {
  Admission admission({});
  EXPECT_EQ(admission.admit("a/5.4.btf", Error{"empty"})->failure->message, "empty");
  EXPECT_FALSE(admission.admit("a/5.4.btf.tar.xz")->failure);
}

TEST(Admission, CountsWhatTheFiltersLeaveOut) {
  Admission admission({.distro = {"debian"}});
  EXPECT_FALSE(admission.admit("ubuntu/20.04/x86_64/5.4.btf"));
  EXPECT_TRUE(admission.admit("debian/12/x86_64/6.1.btf"));
  EXPECT_EQ(admission.filtered_out(), 1U);
}

}  // namespace
}  // namespace btfbatch
