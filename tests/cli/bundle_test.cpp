// Bundles from the outside: with a tree and without one, made again, and what is said of them. What
// is in them is looked at by tests/pipeline/bundle.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <random>

#include "test_paths.h"
#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class BundleProgram : public ProgramTest {
 protected:
  // As job(), without --out.
  [[nodiscard]] static Arguments bundle_job(const Arguments& more,
                                            const std::string& archive = "archive") {
    Arguments arguments{"--archive",  archive, "--objs", object_path("field_kinds"),
                        "--progress", "never"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  // Runs it well.
  ProgramResult make(const Arguments& more, const std::string& archive = "archive") {
    ProgramResult result = btfbatch(bundle_job(more, archive));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result;
  }
  [[nodiscard]] std::string refusal(const Arguments& more) {
    const ProgramResult result = btfbatch(bundle_job(more));
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    return result.err;
  }
  [[nodiscard]] std::string content(std::string_view name) const {
    return test::read_file(dir_ / name);
  }
};

const Arguments kAllForms = {"--bundle",      "b.tar.gz", "b.tar.xz",      "b.tar.zst", "b.btfs",
                             "--emit-object", "b.o",      "--emit-header", "b.h"};
const std::vector<std::string> kAllFiles = {"b.tar.gz", "b.tar.xz", "b.tar.zst",
                                            "b.btfs",   "b.o",      "b.h"};

TEST_F(BundleProgram, HoldsTheBytesOfTheTree) {
  add_good_kernels();
  dir_.link("archive/ubuntu/focal", "20.04");
  make({"--out", "out", "--layout", "copy", "--bundle", "b.tar.gz"});
  Tree tree = tree_of(out());
  EXPECT_EQ(tree.erase("btfbatch.json"), 1U);
  EXPECT_EQ(tree.size(), 7U);
  const ProgramResult tar = run_program(
      {"/bin/sh", "-c", "mkdir unpacked && tar -xzf b.tar.gz -C unpacked"}, dir_.path());
  ASSERT_EQ(tar.exit_code, 0) << tar.err;
  EXPECT_EQ(tree_of(dir_ / "unpacked"), tree);
}

TEST_F(BundleProgram, IsTheSameWithAndWithoutATreeAtAnyJobsAndInAnyLayout) {
  add_good_kernels();
  std::map<std::string, std::string> first;
  for (const Arguments& how : std::vector<Arguments>{{"-j1"},
                                                     {"-j8"},
                                                     {"--out", "out"},
                                                     {"--out", "out"},  // all results taken over
                                                     {"--out", "out", "--layout", "indexed"},
                                                     {"--out", "out", "--layout", "hardlink"},
                                                     {"--cache", "cache"},
                                                     {"--cache", "cache"},
                                                     {"--verify"}}) {
    Arguments all = kAllForms;
    all.insert(all.end(), how.begin(), how.end());
    make(all);
    for (const std::string& name : kAllFiles) {
      const auto [known, is_first] = first.emplace(name, content(name));
      EXPECT_EQ(known->second == content(name), true) << name << " " << how.back();
      std::filesystem::remove(dir_ / name);
    }
  }
}

TEST_F(BundleProgram, IsTheSameFromATarInAnyOrder) {
  add_good_kernels();
  std::vector<TarMember> members;
  for (const auto& [path, bytes] : tree_of(archive())) {
    members.push_back({.name = path, .content = bytes});
  }
  make(kAllForms);
  std::map<std::string, std::string> first;
  for (const std::string& name : kAllFiles) {
    first[name] = content(name);
  }
  std::mt19937 random(1);
  for (int round = 0; round < 3; ++round) {
    std::ranges::shuffle(members, random);
    dir_.write("shuffled.tar", make_tar(members));
    make(kAllForms, "shuffled.tar");
    for (const std::string& name : kAllFiles) {
      EXPECT_EQ(content(name) == first[name], true) << name;
    }
  }
}

TEST_F(BundleProgram, AloneLeavesNothingElse) {
  add_good_kernels();
  std::filesystem::create_directory(dir_ / "tmp");
  const ProgramResult result = run_program(
      {"/usr/bin/env", "TMPDIR=" + (dir_ / "tmp").string(), BTFBATCH_EXECUTABLE, "--archive",
       "archive", "--objs", object_path("field_kinds"), "--bundle", "b.btfs", "-q"},
      dir_.path());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_TRUE(std::filesystem::is_empty(dir_ / "tmp"));
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
    names.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("archive", "b.btfs", "tmp"));
}

TEST_F(BundleProgram, LacksWhatFailedAndIsMadeAllTheSame) {
  add_good_kernels();
  dir_.write("archive/debian/12/x86_64/6.1.0-9-amd64.btf.tar.xz", "broken");
  const ProgramResult result = btfbatch(bundle_job({"--bundle", "b.tar.xz"}));
  EXPECT_EQ(result.exit_code, 2);
  const ProgramResult tar = run_program({"/usr/bin/tar", "-tf", "b.tar.xz"}, dir_.path());
  EXPECT_EQ(std::ranges::count(tar.out, '\n'), 5);
  EXPECT_THAT(tar.out, Not(HasSubstr("6.1.0-9-amd64")));
}

TEST_F(BundleProgram, StaysWhereNothingIsWritten) {
  dir_.write("archive/debian/12/x86_64/6.1.0-9-amd64.btf.tar.xz", "broken");
  dir_.write("b.btfs", "old");
  EXPECT_EQ(btfbatch(bundle_job({"--bundle", "b.btfs"})).exit_code, 3);
  EXPECT_EQ(content("b.btfs"), "old");
}

TEST_F(BundleProgram, StaysWhereStrictStopsTheRun) {
  add_good_kernels();
  dir_.write("archive/debian/12/x86_64/6.1.0-9-amd64.btf.tar.xz", "broken");
  dir_.write("b.btfs", "old");
  const ProgramResult result = btfbatch(bundle_job({"--bundle", "b.btfs", "--strict"}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("stopped by --strict: "));
  EXPECT_THAT(result.err, HasSubstr("; no file is made"));
  EXPECT_EQ(content("b.btfs"), "old");
}

// In the middle of the kernels, as in signals_test.cpp.
TEST_F(BundleProgram, StaysWhereASignalStopsTheRun) {
  for (int i = 0; i < 500; ++i) {
    dir_.write("archive/many/1/x86_64/6." + std::to_string(i) + "-a-long-name-for-a-kernel.btf",
               test::read_file(kernel_path("reference")));
  }
  dir_.write("b.btfs", "old");
  Arguments arguments = bundle_job({"--bundle", "b.btfs", "-v"});
  RunningProgram program(command(arguments), dir_.path(), 4096);
  program.wait_for_error("many/1/x86_64/6.");
  program.send(SIGTERM);
  const ProgramResult result = program.finish();
  EXPECT_EQ(result.exit_code, 143);
  EXPECT_THAT(result.err, HasSubstr("no file is made"));
  EXPECT_EQ(tree_of(dir_.path()).at("b.btfs"), "old");
  EXPECT_EQ(tree_of(dir_.path()).size(), 501U);
}

TEST_F(BundleProgram, IsToldOfBesideAPlainTar) {
  add_good_kernels();
  const ProgramResult result = make(kAllForms);
  EXPECT_THAT(result.out, ContainsRegex("Bundles\n"
                                        "  [0-9.]+ (B|KiB) +b\\.tar\\.gz .tar cJ of plain files: "
                                        "[0-9.]+ (B|KiB).\n"));
  EXPECT_THAT(result.out, ContainsRegex("  [0-9.]+ (B|KiB) +b\\.o\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("manifest")));

  Arguments json = kAllForms;
  json.insert(json.end(), {"--log-format", "json"});
  const auto lines = json_lines(make(json).err);
  ASSERT_FALSE(lines.empty());
  const auto& bundles = lines.back().at("summary").at("bundles");
  ASSERT_EQ(bundles.size(), kAllFiles.size());
  for (std::size_t i = 0; i < kAllFiles.size(); ++i) {
    EXPECT_EQ(bundles[i].at("path"), kAllFiles[i]);
    EXPECT_EQ(bundles[i].at("size"), std::filesystem::file_size(dir_ / kAllFiles[i]));
    EXPECT_EQ(bundles[i].contains("plain_tar_xz_size"), i < 4);
  }
}

TEST_F(BundleProgram, SaysWhatIsWrongBeforeAnythingIsRead) {
  add_good_kernels();
  EXPECT_THAT(btfbatch({"--archive", "archive", "--objs", object_path("field_kinds")}).err,
              HasSubstr("--out is missing"));
  EXPECT_THAT(refusal({"--bundle", "b.zip"}),
              HasSubstr("--bundle b.zip: the ending says the form: .tar.gz, .tar.xz, .tar.zst or "
                        ".btfs"));
  EXPECT_THAT(refusal({"--bundle", "none/b.btfs"}), HasSubstr("there is no folder "));
  EXPECT_THAT(refusal({"--bundle", "archive/b.tar.gz"}), HasSubstr("lies inside of the archive"));
  EXPECT_THAT(refusal({"--bundle", "b.btfs", "--bundle-dedup", "links"}),
              HasSubstr("--bundle-dedup: 'links' is none of none, hardlink, symlink"));
  EXPECT_THAT(refusal({"--bundle", "b.btfs", "--btfs-compression", "xz"}),
              HasSubstr("--btfs-compression: 'xz' is none of zstd, stored"));
  EXPECT_THAT(refusal({"--emit-object", "b.o", "--object-arch", "vax"}),
              HasSubstr("--object-arch: 'vax' is none of x86_64, amd64, "));
  EXPECT_THAT(refusal({"--bundle", "b.tar.gz", "--bundle-path", "{kernel}"}),
              HasSubstr("--bundle-path: path template '{kernel}': has to end in .btf"));
  EXPECT_THAT(refusal({"--bundle", "b.btfs", "--emit-header", "./b.btfs"}),
              HasSubstr("--emit-header ./b.btfs: is to be made twice"));
}

TEST_F(BundleProgram, RefusesATemplateThatBringsDifferentKernelsTogether) {
  add_good_kernels();
  const ProgramResult result =
      btfbatch(bundle_job({"--bundle", "b.tar.gz", "--bundle-path", "{distro}/x{release}.btf"}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("without {kernel}, all kernels would have the same path"));
  const ProgramResult both =
      btfbatch(bundle_job({"--bundle", "b.tar.gz", "--bundle-path", "{distro}/{kernel}.btf"}));
  EXPECT_EQ(both.exit_code, 0) << both.err;
}

TEST_F(BundleProgram, WarnsOfKernelsThatABtfsCannotHold) {
  add_good_kernels();
  add_kernel("debian/12/x86_64/nobpf/6.1.0-1-amd64", "moved_fields");
  const ProgramResult result = make({"--bundle", "b.btfs"});
  EXPECT_THAT(result.err,
              HasSubstr("warning: not in the .btfs: debian/12/x86_64/nobpf/6.1.0-1-amd64.btf: "
                        "debian/12/x86_64/6.1.0-1-amd64.btf has the same names and another BTF"));
}

}  // namespace
}  // namespace btfbatch::test
