#include "core/kernel_identity.h"

#include <gtest/gtest.h>

#include <string>

namespace btfbatch {
namespace {

struct PathCase {
  std::string path;
  std::string distro;
  std::string release;
  std::string arch;
  std::string kernel_release;
};

class IdentifyKernel : public testing::TestWithParam<PathCase> {};

TEST_P(IdentifyKernel, ReadsThePath) {
  const KernelIdentity identity = identify_kernel(GetParam().path);
  EXPECT_EQ(identity.distro, GetParam().distro);
  EXPECT_EQ(identity.release, GetParam().release);
  EXPECT_EQ(identity.arch, GetParam().arch);
  EXPECT_EQ(identity.kernel_release, GetParam().kernel_release);
}

INSTANTIATE_TEST_SUITE_P(
    Paths, IdentifyKernel,
    testing::Values(
        PathCase{"ubuntu/20.04/x86_64/5.4.0-58-generic.btf.tar.xz", "ubuntu", "20.04", "x86_64",
                 "5.4.0-58-generic"},
        PathCase{"centos/8/aarch64/4.18.0-147.5.1.el8_1.aarch64.btf.tar.xz", "centos", "8",
                 "aarch64", "4.18.0-147.5.1.el8_1.aarch64"},
        // A flat folder: the arch stands at the end of the name.
        PathCase{"common-android12-5.10/a12-5.10-2023-02-arm64.btf.tar.xz", "common-android12-5.10",
                 "", "arm64", "a12-5.10-2023-02-arm64"},
        // No folder for the arch.
        PathCase{"centos/7/3.10.0-1160.el7.x86_64.btf", "centos", "7", "x86_64",
                 "3.10.0-1160.el7.x86_64"},
        PathCase{"centos/7/3.10.0-1160.el7.btf", "centos", "7", "", "3.10.0-1160.el7"},
        PathCase{"centos/7/x86_64/nobpf/3.10.0.btf.tar.gz", "centos", "7", "x86_64", "3.10.0"},
        // A release at the root.
        PathCase{"1/x86_64/4.14.1.amzn1.x86_64.btf.tar.xz", "", "1", "x86_64",
                 "4.14.1.amzn1.x86_64"},
        PathCase{"archive/debian/12/arm64/6.1.0-9-arm64.btf.tar.zst", "debian", "12", "arm64",
                 "6.1.0-9-arm64"},
        PathCase{"5.10.btf", "", "", "", "5.10"}, PathCase{"vmlinux", "", "", "", ""},
        PathCase{"a/b/amd64/vmlinux-5.4", "a", "b", "amd64", "5.4"},
        PathCase{"a/b/amd64/5.4.0-58-generic/vmlinux", "a", "b", "amd64", "5.4.0-58-generic"},
        PathCase{"a/b/amd64/vmlinux.btf", "a", "b", "amd64", ""}));

TEST(OutputPath, DropsHowTheBtfIsStored) {
  for (const char* stored : {"a/b/5.4.btf.tar.xz", "a/b/5.4.btf.tar.zst", "a/b/5.4.btf.tar.gz",
                             "a/b/5.4.btf.tar.bz2", "a/b/5.4.btf.tar", "a/b/5.4.btf.xz",
                             "a/b/5.4.tar.xz", "a/b/5.4.btf", "a/b/5.4.btf.tgz", "a/b/5.4"}) {
    EXPECT_EQ(output_path_of(stored), "a/b/5.4.btf") << stored;
  }
}

TEST(OutputPath, KeepsTheRestOfTheName) {
  EXPECT_EQ(output_path_of("a/b/vmlinux-5.4"), "a/b/vmlinux-5.4.btf");
  EXPECT_EQ(output_path_of("a.tar.xz/5.4.btf.tar.xz"), "a.tar.xz/5.4.btf");
  EXPECT_EQ(output_path_of("5.4.0-58-generic.btf"), "5.4.0-58-generic.btf");
  EXPECT_EQ(output_path_of("x/.btf"), "x/.btf.btf");
}

TEST(CanonicalArch, JoinsTheTwoSpellings) {
  EXPECT_EQ(canonical_arch("aarch64"), "arm64");
  EXPECT_EQ(canonical_arch("arm64"), "arm64");
  EXPECT_EQ(canonical_arch("amd64"), "x86_64");
  EXPECT_EQ(canonical_arch("x86_64"), "x86_64");
  EXPECT_EQ(canonical_arch("riscv64"), "riscv64");
}

TEST(CompareKernelReleases, OrdersAsVersions) {
  const std::string rising[] = {
      "3.10.0-1160",           "4.9",  "4.18",         "4.18.0-80",        "4.18.0-147",
      "4.18.0-147.5.1",        "4.19", "5.4.0-58-aws", "5.4.0-58-generic", "5.10",
      "18446744073709551617.1"};
  for (std::size_t i = 0; i < std::size(rising); ++i) {
    for (std::size_t j = 0; j < std::size(rising); ++j) {
      const int order = compare_kernel_releases(rising[i], rising[j]);
      EXPECT_EQ(order < 0, i < j) << rising[i] << " and " << rising[j];
      EXPECT_EQ(order > 0, i > j) << rising[i] << " and " << rising[j];
    }
  }
}

TEST(CompareKernelReleases, TakesLeadingZerosForTheSameNumber) {
  EXPECT_EQ(compare_kernel_releases("4.08", "4.8"), 0);
  EXPECT_EQ(compare_kernel_releases("4.0", "4.00"), 0);
  EXPECT_EQ(compare_kernel_releases("", ""), 0);
}

}  // namespace
}  // namespace btfbatch
