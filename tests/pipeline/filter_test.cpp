#include "pipeline/filter.h"

#include <gtest/gtest.h>

namespace btfbatch {
namespace {

bool passes(const Filter& filter, const std::string& path) {
  EXPECT_TRUE(filter.check());
  return filter.passes(path, identify_kernel(path));
}

constexpr const char* kUbuntuPath = "ubuntu/20.04/x86_64/5.4.0-58-generic.btf.tar.xz";
constexpr const char* kCentosPath = "centos/8/aarch64/4.18.0-147.el8.btf.tar.xz";

TEST(Filter, EmptyLetsAllPass) {
  EXPECT_TRUE(passes({}, kUbuntuPath));
}

TEST(Filter, KindsMustAllHoldAndOneOfAKindIsEnough) {
  const Filter filter{.distro = {"debian", "ubu*"}, .release = {"20.*"}};
  EXPECT_TRUE(passes(filter, kUbuntuPath));
  EXPECT_FALSE(passes(filter, "ubuntu/18.04/x86_64/5.4.0-58-generic.btf.tar.xz"));
  EXPECT_FALSE(passes(filter, "fedora/20.04/x86_64/5.4.0-58-generic.btf.tar.xz"));
}

TEST(Filter, KnowsBothSpellingsOfAnArch) {
  EXPECT_TRUE(passes({.arch = {"arm64"}}, kCentosPath));
  EXPECT_TRUE(passes({.arch = {"aarch64"}}, kCentosPath));
  EXPECT_TRUE(passes({.arch = {"amd64"}}, kUbuntuPath));
  EXPECT_TRUE(passes({.arch = {"x86*"}}, kUbuntuPath));
  EXPECT_FALSE(passes({.arch = {"arm64"}}, kUbuntuPath));
}

struct KernelCase {
  std::vector<std::string> conditions;
  std::string release;
  bool passes;
};

class KernelCondition : public testing::TestWithParam<KernelCase> {};

TEST_P(KernelCondition, Decides) {
  const Filter filter{.kernel = GetParam().conditions};
  ASSERT_TRUE(filter.check());
  const KernelIdentity identity{
      .distro = {}, .release = {}, .arch = {}, .kernel_release = GetParam().release};
  EXPECT_EQ(filter.passes("x", identity), GetParam().passes);
}

INSTANTIATE_TEST_SUITE_P(
    Releases, KernelCondition,
    testing::Values(
        KernelCase{{">=4.18"}, "4.18.0-147", true}, KernelCase{{">=4.18"}, "4.18", true},
        KernelCase{{">=4.18"}, "4.9", false}, KernelCase{{">4.18"}, "4.18.0-147", false},
        KernelCase{{">4.18"}, "4.19.1", true}, KernelCase{{">4"}, "4.18.0", false},
        KernelCase{{">4"}, "5.0.0", true}, KernelCase{{"<=5.10"}, "5.10.0-8", true},
        KernelCase{{"<=5.10"}, "5.100.0", false}, KernelCase{{"<=5.10"}, "5.11", false},
        KernelCase{{"<5.10"}, "5.10.0", false}, KernelCase{{"<5.10"}, "5.9.16", true},
        KernelCase{{"=5.4"}, "5.4.0-58", true}, KernelCase{{"=5.4.0-58"}, "5.4.0-580", false},
        KernelCase{{"=5.4.0-58"}, "5.4.0-58-generic", true},
        KernelCase{{">=4.18,<5"}, "4.19.0", true}, KernelCase{{">=4.18,<5"}, "5.0.0", false},
        KernelCase{{" >= 4.18 , < 5 "}, "4.19.0", true},
        // Ranges hold together, globs are a choice.
        KernelCase{{">=4.18", "<5"}, "5.4.0", false},
        KernelCase{{"*-aws", "*-generic"}, "5.4.0-58-generic", true},
        KernelCase{{"*-aws", "*-generic"}, "5.4.0-58-azure", false},
        KernelCase{{"*-aws", ">=5"}, "4.15.0-aws", false},
        KernelCase{{"*-aws", ">=5"}, "5.4.0-generic", false},
        KernelCase{{"*-aws,<5"}, "4.15.0-aws", true}, KernelCase{{"*-aws,<5"}, "5.15.0-aws", false},
        KernelCase{{"5.?.0-*"}, "5.4.0-58", true}));

TEST(Filter, PathGlobsCrossFoldersAndExcludeWins) {
  EXPECT_TRUE(passes({.include = {"ubuntu/*generic*"}}, kUbuntuPath));
  EXPECT_FALSE(passes({.include = {"ubuntu/*aws*"}}, kUbuntuPath));
  EXPECT_FALSE(passes({.include = {"*"}, .exclude = {"*/20.04/*"}}, kUbuntuPath));
}

TEST(Filter, SaysWhatItCannotUnderstand) {
  const auto message = [](const Filter& filter) {
    const Result<void> checked = filter.check();
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(message({.kernel = {">="}}), "kernel: '>=' lacks a version or pattern");
  EXPECT_EQ(message({.kernel = {">=4,"}}), "kernel: '>=4,' lacks a version or pattern");
  EXPECT_EQ(message({.kernel = {">=jammy"}}),
            "kernel: 'jammy' is not a version, which begins with a digit");
  EXPECT_EQ(message({.distro = {""}}), "distro: an empty pattern matches no kernel");
}

}  // namespace
}  // namespace btfbatch
