// A run into an existing output, or with a cache, is told from a fresh one by nothing but its time:
// every test here compares the whole tree, manifest included, with what a fresh run gives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <tuple>

#include "core/content_id.h"
#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kLayouts = {"symlink", "hardlink", "copy", "indexed"};

// Tells whether a path was written again, even with what it held before: that takes a new inode.
using Stamps = std::map<std::string, std::tuple<ino_t, time_t, long>>;
Stamps stamps_of(const fs::path& folder) {
  Stamps stamps;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat status{};
    EXPECT_EQ(lstat(entry.path().c_str(), &status), 0);
    if (!S_ISDIR(status.st_mode)) {
      stamps[entry.path()] = {status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
    }
  }
  return stamps;
}

Arguments operator+(Arguments left, const Arguments& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

class Incremental : public ProgramTest {
 protected:
  // From dir_/archive to dir_/`name` with the objects of the test data.
  [[nodiscard]] static Arguments job_to(const std::string& name, const Arguments& more = {},
                                        const std::vector<std::string>& objects = {"field_kinds"}) {
    Arguments arguments{"--archive", "archive", "--out", name, "--objs"};
    for (const std::string& object : objects) {
      arguments.push_back(object.starts_with('/') ? object : object_path(object));
    }
    return arguments + more;
  }

  // Runs and returns how many kernels were taken over from earlier runs.
  [[nodiscard]] std::size_t reused(const Arguments& arguments, int exit_code = 0) const {
    const ProgramResult result = btfbatch(arguments + Arguments{"--log-format", "json"});
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    for (const nlohmann::json& line : json_lines(result.err)) {
      if (line.contains("summary")) {
        return line.at("summary").at("kernels").at("reused").get<std::size_t>();
      }
    }
    ADD_FAILURE() << "no summary: " << result.err;
    return 0;
  }

  // What the same job gives where there was nothing before.
  [[nodiscard]] Tree fresh(const Arguments& more = {},
                           const std::vector<std::string>& objects = {"field_kinds"},
                           int exit_code = 0) const {
    fs::remove_all(dir_ / "fresh");
    EXPECT_EQ(reused(job_to("fresh", more, objects), exit_code), 0U);
    return tree_of(dir_ / "fresh");
  }

  // A copy of an object under its name in another folder, with bytes behind it that no ELF header
  // speaks of.
  [[nodiscard]] std::string rebuilt(const std::string& object) const {
    return dir_.write("rebuilt/" + object + ".bpf.o",
                      test::read_file(object_path(object)) + "another build");
  }

  [[nodiscard]] fs::path output(const std::string& kernel) const {
    return out() / (kernel + ".btf");
  }

  // The one file in the cache that holds the result of a kernel of the archive.
  [[nodiscard]] fs::path cached(const std::string& kernel) const {
    const std::string source = test::read_file(archive() / (kernel + ".btf.tar.xz"));
    const std::string hash = content_id_of(as_byte_span(source)).hex();
    for (const auto& entry : fs::directory_iterator(dir_ / "cache")) {
      if (entry.path().filename().string().starts_with(hash)) {
        return entry.path();
      }
    }
    ADD_FAILURE() << "nothing in the cache for " << kernel;
    return {};
  }
};

TEST_F(Incremental, AllIsReusedAndNothingIsWrittenAgain) {
  add_good_kernels();
  dir_.link("archive/debian/bookworm", "12");
  for (const std::string& layout : kLayouts) {
    fs::remove_all(out());
    EXPECT_EQ(reused(job({"--layout", layout})), 0U);
    const Stamps stamps = stamps_of(out());
    for (const char* jobs : {"-j1", "-j2", "-j8"}) {
      EXPECT_EQ(reused(job({"--layout", layout, jobs})), 5U) << layout;
      EXPECT_EQ(stamps_of(out()), stamps) << layout;
    }
    EXPECT_EQ(tree_of(out()), fresh({"--layout", layout})) << layout;
  }
}

TEST_F(Incremental, TheSummarySaysSo) {
  add_good_kernels();
  EXPECT_THAT(btfbatch(job()).out, ::testing::Not(::testing::HasSubstr("reused")));
  const ProgramResult again = btfbatch(job({"-v"}));
  EXPECT_THAT(again.out, ::testing::HasSubstr("  reused       5 of earlier runs\n"));
  EXPECT_THAT(again.err, ::testing::HasSubstr(", of an earlier run\n"));
}

TEST_F(Incremental, ResultsAreTakenOverIntoAnotherLayout) {
  add_good_kernels();
  dir_.link("archive/debian/bookworm", "12");
  for (const std::string& from : kLayouts) {
    for (const std::string& to : kLayouts) {
      fs::remove_all(out());
      EXPECT_EQ(reused(job({"--layout", from})), 0U);
      EXPECT_EQ(reused(job({"--layout", to})), 5U) << from << " to " << to;
      EXPECT_EQ(tree_of(out()), fresh({"--layout", to})) << from << " to " << to;
      const std::uintmax_t links = to == "hardlink" ? 3 : 1;  // two kernels, one of them twice
      if (to != "indexed") {
        EXPECT_EQ(fs::hard_link_count(output(kArm)), links) << from << " to " << to;
      }
    }
  }
}

TEST_F(Incremental, AChangedKernelIsDoneAnewAndTheOthersAreNot) {
  for (const std::string& layout : kLayouts) {
    fs::remove_all(archive());
    fs::remove_all(out());
    add_good_kernels();
    EXPECT_EQ(reused(job({"--layout", layout})), 0U);
    add_kernel(kArm, "resized_twins");  // it held the bytes that others are links to
    EXPECT_EQ(reused(job({"--layout", layout})), 4U) << layout;
    EXPECT_EQ(tree_of(out()), fresh({"--layout", layout})) << layout;
  }
}

TEST_F(Incremental, NewAndVanishedAndRenamedKernels) {
  for (const std::string& layout : kLayouts) {
    fs::remove_all(archive());
    fs::remove_all(out());
    add_good_kernels();
    EXPECT_EQ(reused(job({"--layout", layout})), 0U);
    fs::remove(archive() / (std::string(kAmd2) + ".btf.tar.xz"));
    add_kernel("alpine/3/x86_64/6.6-lts", "moved_fields");  // the first to hold its bytes now
    fs::rename(archive() / (std::string(kAmd1) + ".btf.tar.xz"), archive() / "renamed.btf.tar.xz");
    EXPECT_EQ(reused(job({"--layout", layout})), 4U) << layout;
    EXPECT_EQ(tree_of(out()), fresh({"--layout", layout})) << layout;
  }
}

TEST_F(Incremental, ARebuildThatAsksTheSameChangesNothing) {
  add_good_kernels();
  using Names = std::vector<std::string>;
  EXPECT_EQ(reused(job({}, {"field_kinds", "arrays"})), 0U);
  for (const Names& objects :
       {Names{rebuilt("field_kinds"), rebuilt("arrays")}, Names{"arrays", "field_kinds"},
        Names{"maps_only", "field_kinds", "arrays", "arrays"}, Names{"field_kinds.be", "arrays"}}) {
    EXPECT_EQ(reused(job_to("out", {}, objects)), 5U) << objects.front();
    EXPECT_EQ(tree_of(out()), fresh({}, objects)) << objects.front();
  }
  for (const Names& objects :
       {Names{"arrays"}, Names{"field_kinds"}, Names{"field_kinds", "enum_values"}}) {
    EXPECT_EQ(reused(job_to("out", {}, objects)), 0U) << objects.back();
    EXPECT_EQ(tree_of(out()), fresh({}, objects)) << objects.back();
  }
}

TEST_F(Incremental, AnOutputThatIsNotWhatTheManifestSaysIsDoneAnew) {
  add_good_kernels();
  for (const std::string& layout : std::vector<std::string>{"symlink", "hardlink", "copy"}) {
    // A symbolic link, and a hard one, shows what is wrong with what it leads to.
    const std::size_t others = layout == "copy" ? 4 : 3;
    const Arguments arguments = job({"--layout", layout});
    const Tree tree = fresh({"--layout", layout});
    const auto expect_mended = [&](std::size_t expected, const char* what) {
      EXPECT_EQ(reused(arguments), expected) << layout << ": " << what;
      EXPECT_EQ(tree_of(out()), tree) << layout << ": " << what;
    };
    fs::remove_all(out());
    EXPECT_EQ(reused(arguments), 0U);
    const std::string good = test::read_file(output(kArm));
    std::string bad = good;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 1);
    dir_.write(output(kArm), bad);
    expect_mended(others, "damaged");
    dir_.write(output(kArm), good.substr(0, good.size() - 1));
    expect_mended(others, "cut off");
    dir_.write(output(kArm), good + "x");
    expect_mended(others, "with more behind it");

    fs::remove(output(kArm));
    expect_mended(layout == "symlink" ? 3 : 4, "removed");
    dir_.write("elsewhere.btf", good);
    fs::remove(output(kArm));
    fs::create_symlink(dir_ / "elsewhere.btf", output(kArm));
    expect_mended(layout == "symlink" ? 3 : 4, "replaced by a link");
    EXPECT_EQ(test::read_file(dir_ / "elsewhere.btf"), good);
    fs::remove_all(out() / "debian");
    expect_mended(layout == "symlink" ? 1 : 2, "its folder removed");
  }
}

TEST_F(Incremental, ABlobThatIsNotWhatTheManifestSaysIsDoneAnew) {
  add_good_kernels();
  const Arguments arguments = job({"--layout", "indexed"});
  EXPECT_EQ(reused(arguments), 0U);
  const Tree tree = tree_of(out());
  const std::string good = minimized("moved_fields", {"field_kinds"});
  const fs::path blob = out() / "blobs" / (content_id_of(as_byte_span(good)).hex() + ".btf");
  dir_.write(blob, "damaged");
  EXPECT_EQ(reused(arguments), 3U);
  EXPECT_EQ(tree_of(out()), tree);
}

TEST_F(Incremental, ALinkThatWasBentIsMended) {
  add_good_kernels();
  EXPECT_EQ(reused(job()), 0U);
  const Tree tree = tree_of(out());
  fs::remove(output(kAmd2));
  fs::create_symlink("nowhere", output(kAmd2));
  dir_.write(output(kGeneric1).lexically_normal().string() + ".foreign", "mine");
  EXPECT_EQ(reused(job()), 5U);
  fs::remove(output(kGeneric1).string() + ".foreign");
  EXPECT_EQ(tree_of(out()), tree);
}

TEST_F(Incremental, AnotherVersionOfTheOutputIsNotTakenOver) {
  add_good_kernels();
  EXPECT_EQ(reused(job()), 0U);
  const Tree tree = tree_of(out());
  nlohmann::json older = manifest();
  older["output_version"] = older.at("output_version").get<int>() + 1;
  dir_.write("out/btfbatch.json", older.dump());
  EXPECT_EQ(reused(job()), 0U);
  EXPECT_EQ(tree_of(out()), tree);

  older = manifest();
  older.erase("fingerprint");
  dir_.write("out/btfbatch.json", older.dump());
  EXPECT_EQ(reused(job()), 0U);
  EXPECT_EQ(tree_of(out()), tree);

  dir_.write("out/btfbatch.json", "damaged");
  EXPECT_EQ(reused(job()), 0U);
  EXPECT_EQ(tree_of(out()), tree);
}

// Their reasons name objects, sections and places, which the fingerprint does not cover.
TEST_F(Incremental, TakesDegradedKernelsOverWhereTheirReasonsHold) {
  add_good_kernels();
  add_kernel("debian/13/x86_64/6.12-amd64", "twins");
  using Names = std::vector<std::string>;
  const Names objects{"field_kinds", "ambiguous_field"};
  EXPECT_EQ(reused(job_to("out", {}, objects), 2), 0U);
  const auto reason = [&] {
    const nlohmann::json all = manifest();
    for (const nlohmann::json& kernel : all.at("kernels")) {
      if (kernel.at("outcome") == "degraded") {
        return kernel.at("reasons").at(0).get<std::string>();
      }
    }
    return std::string("none is degraded");
  };
  const std::string before = reason();
  const auto tree = tree_of(out());
  EXPECT_EQ(reused(job_to("out", {}, objects), 2), 6U);
  EXPECT_EQ(tree_of(out()), tree);
  // A reason that does not say what it would say now is not taken over.
  const Names renamed{rebuilt("field_kinds"), rebuilt("ambiguous_field")};
  EXPECT_EQ(reused(job_to("out", {}, renamed), 2), 5U);
  EXPECT_NE(reason(), before);
  EXPECT_EQ(tree_of(out()), fresh({}, renamed, 2));
}

TEST_F(Incremental, FailedKernelsAreTriedAgain) {
  add_good_kernels();
  dir_.write("archive/bad/1/x86_64/1.0.btf.tar.xz", "broken");
  EXPECT_EQ(reused(job(), 2), 0U);
  EXPECT_EQ(reused(job(), 2), 5U);
  EXPECT_EQ(tree_of(out()), fresh({}, {"field_kinds"}, 2));
  add_kernel("bad/1/x86_64/1.0", "reference");
  EXPECT_EQ(reused(job()), 5U);
  EXPECT_EQ(tree_of(out()), fresh());
}

TEST_F(Incremental, ASmallerLimitIsAsGoodAsInAFreshRun) {
  add_good_kernels();
  const auto limit = std::to_string(fs::file_size(kernel_path("reference")) - 1);
  EXPECT_EQ(reused(job()), 0U);
  EXPECT_EQ(reused(job({"--max-btf-size", limit}), 2), 0U);
  EXPECT_EQ(tree_of(out()), fresh({"--max-btf-size", limit}, {"field_kinds"}, 2));
  // What got through under the smaller one gets through under the larger one.
  const std::size_t good = static_cast<std::size_t>(
      std::ranges::count(manifest().at("kernels"), "minimized",
                         [](const nlohmann::json& kernel) { return kernel.at("outcome"); }));
  EXPECT_GT(good, 0U);
  EXPECT_LT(good, 5U);
  EXPECT_EQ(reused(job()), good);
  EXPECT_EQ(tree_of(out()), fresh());
}

TEST_F(Incremental, FreshTakesNothingOver) {
  add_good_kernels();
  EXPECT_EQ(reused(job({"--cache", "cache"})), 0U);
  const Tree tree = tree_of(out());
  EXPECT_EQ(reused(job({"--fresh", "--cache", "cache"})), 0U);
  EXPECT_EQ(tree_of(out()), tree);
  EXPECT_EQ(reused(job()), 5U);
}

TEST_F(Incremental, ATarIsAsGoodAsAFolder) {
  add_good_kernels();
  std::vector<TarMember> members;
  for (const auto& [path, content] : tree_of(archive())) {
    members.push_back({.name = path, .content = content});
  }
  dir_.write("archive.tar.zst", make_tar(members, Compression::kZstd));
  const Arguments arguments{
      "--archive", "archive.tar.zst", "--objs", object_path("field_kinds"), "--out", "out"};
  EXPECT_EQ(reused(arguments), 0U);
  const Tree tree = tree_of(out());
  EXPECT_EQ(reused(arguments), 5U);
  EXPECT_EQ(tree_of(out()), tree);
  // The sources are the same, whatever they lie in.
  EXPECT_EQ(reused(job()), 5U);
}

TEST_F(Incremental, TheCacheServesWhereTheOutputIsEmpty) {
  add_good_kernels();
  for (const std::string& layout : kLayouts) {
    const Arguments more{"--cache", "cache", "--layout", layout};
    EXPECT_EQ(reused(job(more)), layout == kLayouts.front() ? 0U : 5U);
    fs::remove_all(out());
    EXPECT_EQ(reused(job(more)), 5U) << layout;
    EXPECT_EQ(tree_of(out()), fresh({"--layout", layout})) << layout;
    fs::remove_all(out());
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_ / "cache"), {}), 5);
  EXPECT_EQ(reused(job({"--cache", "cache"}, {"arrays"})), 0U);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_ / "cache"), {}), 10);
}

TEST_F(Incremental, AnOutputFillsAnEmptyCache) {
  add_good_kernels();
  EXPECT_EQ(reused(job()), 0U);
  EXPECT_EQ(reused(job({"--cache", "cache"})), 5U);
  fs::remove_all(out());
  EXPECT_EQ(reused(job({"--cache", "cache"})), 5U);
  EXPECT_EQ(tree_of(out()), fresh());
}

// Proves without the program's own counters that a kernel in the cache is not unpacked: what comes
// out is what was planted.
TEST_F(Incremental, WhatThePlantedCacheSaysComesOut) {
  add_good_kernels();
  EXPECT_EQ(reused(job({"--cache", "cache"})), 0U);
  // It has to answer all that the objects ask, or it is not taken over.
  const std::string good = minimized("reference", {"field_kinds"});
  const std::string planted = minimized("reference", {"field_kinds", "nested_anonymous"});
  ASSERT_NE(planted, good);
  constexpr std::size_t kHeader = 104;
  const std::string kept = test::read_file(cached(kAmd1));
  std::string file = kept.substr(0, kHeader) + planted + kept.substr(kHeader + good.size());
  const std::uint64_t size = planted.size();
  std::memcpy(file.data() + kHeader - 8, &size, 8);
  const ContentId checksum = content_id_of(as_byte_span(file).subspan(32));
  std::memcpy(file.data() + 16, &checksum.high, 8);
  std::memcpy(file.data() + 24, &checksum.low, 8);
  dir_.write(cached(kAmd1), file);
  fs::remove_all(out());
  EXPECT_EQ(reused(job({"--cache", "cache"})), 5U);
  EXPECT_EQ(test::read_file(output(kAmd1)), planted);
  EXPECT_EQ(test::read_file(output(kAmd2)), good);
}

// The same for an output: its manifest is made to vouch for another content.
TEST_F(Incremental, WhatThePlantedOutputSaysComesOut) {
  add_good_kernels();
  EXPECT_EQ(reused(job({"--layout", "copy"})), 0U);
  const std::string planted = minimized("reference", {"field_kinds", "nested_anonymous"});
  nlohmann::json doctored = manifest();
  for (nlohmann::json& kernel : doctored.at("kernels")) {
    if (kernel.at("path") == std::string(kAmd1) + ".btf") {
      kernel["content_id"] = content_id_of(as_byte_span(planted)).hex();
      kernel["minimized_size"] = planted.size();
    }
  }
  dir_.write("out/btfbatch.json", doctored.dump());
  dir_.write(output(kAmd1), planted);
  EXPECT_EQ(reused(job({"--layout", "copy"})), 5U);
  EXPECT_EQ(test::read_file(output(kAmd1)), planted);
  EXPECT_EQ(reused(job({"--layout", "copy", "--fresh"})), 0U);
  EXPECT_EQ(test::read_file(output(kAmd1)), minimized("reference", {"field_kinds"}));
}

TEST_F(Incremental, ADamagedOrForeignFileInTheCacheIsPassedOver) {
  add_good_kernels();
  const Arguments arguments = job({"--cache", "cache", "--progress", "never"});
  EXPECT_EQ(reused(arguments), 0U);
  const Tree tree = tree_of(out());
  dir_.write("cache/notes.txt", "mine");
  const std::string good = test::read_file(cached(kArm));
  std::string damaged = good;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  for (const std::string& content :
       {damaged, std::string(), good.substr(0, 95), good.substr(0, good.size() - 1),
        std::string("something else"), test::read_file(cached(kAmd1))}) {
    dir_.write(cached(kArm), content);
    fs::remove_all(out());
    const ProgramResult result = btfbatch(arguments);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.err, "");
    EXPECT_THAT(result.out, ::testing::HasSubstr("  reused       4 of earlier runs\n"));
    EXPECT_EQ(tree_of(out()), tree);
    EXPECT_EQ(test::read_file(cached(kArm)), good) << "mended";
  }
  const fs::path file = cached(kArm);
  fs::remove(file);
  fs::create_directories(file / "foreign");
  fs::remove_all(out());
  EXPECT_EQ(reused(arguments), 4U);
  EXPECT_EQ(tree_of(out()), tree);
  EXPECT_TRUE(fs::is_directory(file / "foreign"));
  EXPECT_EQ(test::read_file(dir_ / "cache/notes.txt"), "mine");
}

TEST_F(Incremental, ACacheThatCannotServeIsRefused) {
  add_good_kernels();
  dir_.write("file", "x");
  const ProgramResult file = btfbatch(job({"--cache", "file"}));
  EXPECT_EQ(file.exit_code, 1);
  EXPECT_THAT(file.err, ::testing::HasSubstr("--cache: file: cannot be created"));
  const ProgramResult inside = btfbatch(job({"--cache", "archive/cache"}));
  EXPECT_EQ(inside.exit_code, 1);
  EXPECT_THAT(inside.err,
              ::testing::HasSubstr("--cache: archive/cache lies inside of the archive"));
  EXPECT_FALSE(fs::exists(out()));
}

TEST_F(Incremental, SeveralRunsMayShareACache) {
  add_good_kernels();
  const Tree tree = fresh();
  for (int round = 0; round < 3; ++round) {
    fs::remove_all(dir_ / "cache");
    std::vector<std::unique_ptr<RunningProgram>> running;
    for (int i = 0; i < 6; ++i) {
      const std::string name = "shared-" + std::to_string(i);
      fs::remove_all(dir_ / name);
      running.push_back(std::make_unique<RunningProgram>(
          command(job_to(name, {"--cache", "cache", "-j2"})), dir_.path()));
    }
    for (std::size_t i = 0; i < running.size(); ++i) {
      const ProgramResult result = running[i]->finish();
      EXPECT_EQ(result.exit_code, 0) << result.err;
      EXPECT_EQ(tree_of(dir_ / ("shared-" + std::to_string(i))), tree);
    }
    EXPECT_EQ(std::distance(fs::directory_iterator(dir_ / "cache"), {}), 5) << "nothing temporary";
  }
}

}  // namespace
}  // namespace btfbatch::test
