#include "pipeline/bundle/path_template.h"

#include <gtest/gtest.h>

namespace btfbatch {
namespace {

const KernelIdentity kFocal = {
    .distro = "ubuntu", .release = "20.04", .arch = "x86_64", .kernel_release = "5.4.0-58-generic"};
const KernelIdentity kCentos = {.distro = "centos",
                                .release = "8",
                                .arch = "arm64",
                                .kernel_release = "4.18.0-147.el8.aarch64"};

std::string path_by(std::string_view text, const KernelIdentity& kernel) {
  const Result<PathTemplate> parsed = PathTemplate::parse(text);
  return parsed ? parsed->path_of(kernel) : parsed.error().message;
}

TEST(PathTemplate, EveryFieldHasItsValue) {
  EXPECT_EQ(path_by("{distro}/{release}/{arch}/{kernel}.btf", kCentos),
            "centos/8/arm64/4.18.0-147.el8.aarch64.btf");
  EXPECT_EQ(path_by("{machine}-{go_arch}-{bpf_arch}/{kernel}.btf", kCentos),
            "aarch64-arm64-arm64/4.18.0-147.el8.aarch64.btf");
  EXPECT_EQ(path_by("{machine}-{go_arch}-{bpf_arch}/{kernel}.btf", kFocal),
            "x86_64-amd64-x86/5.4.0-58-generic.btf");
}

TEST(PathTemplate, OtherSpellingsOfAnArchAreTheSameArch) {
  KernelIdentity kernel = kFocal;
  kernel.arch = "amd64";
  EXPECT_EQ(path_by("{machine}/{arch}/{kernel}.btf", kernel), "x86_64/amd64/5.4.0-58-generic.btf");
}

TEST(PathTemplate, AnArchThatIsNotKnownStaysAsItIs) {
  KernelIdentity kernel = kFocal;
  kernel.arch = "s390x";
  EXPECT_EQ(path_by("{go_arch}/{kernel}.btf", kernel), "s390x/5.4.0-58-generic.btf");
}

TEST(PathTemplate, WhatTheArchiveDoesNotTellLeavesNoEmptyFolder) {
  const KernelIdentity bare = {.distro = "", .release = "", .arch = "", .kernel_release = "5.4"};
  EXPECT_EQ(path_by("{distro}/{release}/{arch}/{kernel}.btf", bare), "5.4.btf");
  EXPECT_EQ(path_by("./{distro}/{kernel}.btf", bare), "./5.4.btf");
}

TEST(PathTemplate, ALeadingDotIsKept) {
  EXPECT_EQ(path_by("./{distro}/{kernel}.btf", kFocal), "./ubuntu/5.4.0-58-generic.btf");
}

TEST(PathTemplate, TheEndingSaysWhetherEachFileIsPacked) {
  EXPECT_FALSE(PathTemplate::parse("{kernel}.btf")->packs_each());
  EXPECT_TRUE(PathTemplate::parse("{kernel}.btf.tar.xz")->packs_each());
}

TEST(PathTemplate, WhatMakesNoSenseIsRefusedWithItsReason) {
  const auto refused = [](std::string_view text, std::string_view why) {
    const Result<PathTemplate> parsed = PathTemplate::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find(why), std::string::npos) << parsed.error().message;
    EXPECT_NE(parsed.error().message.find(text), std::string::npos) << parsed.error().message;
  };
  refused("{distro}.btf", "same path");
  refused("{distro/{kernel}.btf", "none of {distro}");
  refused("distro}/{kernel}.btf", "brace");
  refused("{kernel.btf", "brace");
  refused("{codename}/{kernel}.btf", "{codename}");
  refused("/{kernel}.btf", "out of the bundle");
  refused("../{kernel}.btf", "out of the bundle");
  refused("a/../{kernel}.btf", "out of the bundle");
  refused("{kernel}", ".btf");
}

TEST(PathTemplates, ADistroCanHaveItsOwn) {
  const std::string texts[] = {"ubuntu={distro}/{release}/{kernel}.btf", "{distro}/{kernel}.btf"};
  const Result<PathTemplates> templates = PathTemplates::parse(texts);
  ASSERT_TRUE(templates) << templates.error().message;
  EXPECT_EQ(templates->of(kFocal).path_of(kFocal), "ubuntu/20.04/5.4.0-58-generic.btf");
  EXPECT_EQ(templates->of(kCentos).path_of(kCentos), "centos/4.18.0-147.el8.aarch64.btf");
}

TEST(PathTemplates, OneIsNeededForTheOthersAndNoneIsGivenTwice) {
  const std::string only_one[] = {"ubuntu={kernel}.btf"};
  EXPECT_FALSE(PathTemplates::parse(only_one));
  const std::string twice[] = {"{kernel}.btf", "{distro}/{kernel}.btf"};
  EXPECT_FALSE(PathTemplates::parse(twice));
  EXPECT_TRUE(PathTemplates::parse({}).value().empty());
}

}  // namespace
}  // namespace btfbatch
