#include "pipeline/bundle/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

using testing::HasSubstr;

class BundleOptionsTest : public testing::Test {
 protected:
  BundleOptionsTest() {
    dir_.write("archive/u/20/x86_64/5.4.btf", "");
    dir_.write("objects/a.bpf.o", "");
  }

  // Why these files are refused; "" where they are not.
  [[nodiscard]] std::string refusal(const std::vector<std::string>& files) {
    options_.files.clear();
    for (const std::string& file : files) {
      options_.files.push_back(dir_ / file);
    }
    return refusal();
  }
  [[nodiscard]] std::string refusal() {
    const Result<void> checked = options_.check(dir_ / "archive", objects_, dir_ / "out");
    return checked ? "" : checked.error().message;
  }

  test::TempDir dir_;
  std::vector<std::filesystem::path> objects_{dir_ / "objects/a.bpf.o"};
  BundleOptions options_;
};

TEST_F(BundleOptionsTest, TheEndingTellsTheForm) {
  EXPECT_EQ(bundle_form_of("a/b.tar.gz"), BundleForm::kTarGzip);
  EXPECT_EQ(bundle_form_of("b.tgz"), BundleForm::kTarGzip);
  EXPECT_EQ(bundle_form_of("b.tar.xz"), BundleForm::kTarXz);
  EXPECT_EQ(bundle_form_of("b.txz"), BundleForm::kTarXz);
  EXPECT_EQ(bundle_form_of("b.tar.zst"), BundleForm::kTarZstd);
  EXPECT_EQ(bundle_form_of("b.c.btfs"), BundleForm::kBtfs);
  EXPECT_EQ(bundle_form_of("b.zip"), std::nullopt);
  EXPECT_EQ(bundle_form_of("b.tar"), std::nullopt);
  EXPECT_EQ(bundle_form_of(".tar.xz"), std::nullopt);
  EXPECT_EQ(refusal({"b.tar.xz", "b.btfs"}), "");
  EXPECT_EQ(refusal({"b.zip"}), "--bundle " + (dir_ / "b.zip").string() +
                                    ": the ending says the form: .tar.gz, .tar.xz, .tar.zst or "
                                    ".btfs");
}

TEST_F(BundleOptionsTest, RefusesAFolderThatIsNotThere) {
  EXPECT_THAT(refusal({"none/b.btfs"}),
              HasSubstr("there is no folder " + (dir_ / "none").string() + "; make it first"));
}

TEST_F(BundleOptionsTest, RefusesAFolderInThePlaceOfTheFile) {
  std::filesystem::create_directory(dir_ / "b.btfs");
  EXPECT_THAT(refusal({"b.btfs"}), HasSubstr("b.btfs: is a folder"));
}

TEST_F(BundleOptionsTest, RefusesAFolderThatCannotBeWritten) {
  if (geteuid() == 0) {
    GTEST_SKIP() << "root may write anywhere";
  }
  std::filesystem::create_directory(dir_ / "locked");
  std::filesystem::permissions(dir_ / "locked", std::filesystem::perms::owner_read);
  EXPECT_THAT(refusal({"locked/b.btfs"}), HasSubstr("cannot be written: Permission denied"));
}

TEST_F(BundleOptionsTest, RefusesToTouchWhatTheRunReads) {
  EXPECT_THAT(refusal({"archive/u/b.tar.xz"}),
              HasSubstr("lies inside of the archive " + (dir_ / "archive").string() +
                        ": the next run would take it for a kernel"));
  options_.files.clear();
  options_.object_file = dir_ / "objects/a.bpf.o";
  EXPECT_THAT(refusal(), HasSubstr("--emit-object"));
  EXPECT_THAT(refusal(), HasSubstr("is one of --objs, and would be replaced"));
  objects_ = {dir_ / "objects"};
  options_.object_file = dir_ / "objects/new.o";
  EXPECT_THAT(refusal(), HasSubstr("the next run would take it for one of them"));
  options_.object_file = dir_ / "new.o";
  EXPECT_EQ(refusal(), "");
}

TEST_F(BundleOptionsTest, RefusesToReplaceATarThatIsTheArchive) {
  options_.files = {dir_.write("a.tar.xz", "")};
  const Result<void> checked = options_.check(dir_ / "a.tar.xz", objects_, "");
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().message, HasSubstr("would take the place of the archive itself"));
}

TEST_F(BundleOptionsTest, RefusesAPlaceInTheTree) {
  EXPECT_THAT(refusal({"out/b.btfs"}), HasSubstr("there is no folder"));
  std::filesystem::create_directory(dir_ / "out");
  EXPECT_THAT(refusal({"out/b.btfs"}),
              HasSubstr("lies inside of --out " + (dir_ / "out").string()));
}

TEST_F(BundleOptionsTest, RefusesOneFileTwiceUnderAnyName) {
  std::filesystem::create_directory(dir_ / "x");
  dir_.link("y", "x");
  EXPECT_THAT(refusal({"x/b.btfs", "y/b.btfs"}), HasSubstr("is to be made twice"));
  EXPECT_THAT(refusal({"b.btfs", "x/../b.btfs"}), HasSubstr("is to be made twice"));
}

TEST_F(BundleOptionsTest, TakesANameWithoutAFolder) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  options_.files = {"b.btfs"};
  EXPECT_EQ(refusal(), "");
  std::filesystem::current_path(before);
}

TEST_F(BundleOptionsTest, RefusesABrokenTemplate) {
  options_.paths = {"{distro}.btf"};
  EXPECT_THAT(refusal({"b.tar.xz"}), HasSubstr("--bundle-path: path template '{distro}.btf': "));
}

}  // namespace
}  // namespace btfbatch
