#include "pipeline/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <set>

#include "tests/support/archive_writer.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_data.h"
#include "tests/support/tree.h"

namespace btfbatch {
namespace {

using test::Tree;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Run : public testing::Test {
 protected:
  Run() {
    options_.archive = dir_ / "archive";
    options_.objects = {test::object_path("field_kinds"), test::object_path("ambiguous_field")};
    options_.out = out();
    options_.jobs = 2;
  }

  [[nodiscard]] std::filesystem::path out() const { return dir_ / "out"; }

  // Adds a kernel to the archive, and to the members of a tar of it.
  void add(const std::string& path, const std::string& content) {
    dir_.write("archive/" + path, content);
    members_.push_back({.name = "./" + path, .content = content});
  }
  static std::string kernel(std::string_view name) {
    return test::make_kernel_tar("k.btf", test::read_file(test::kernel_path(name)));
  }
  // Kernels of three contents, one of which is degraded.
  void add_kernels(std::size_t count) {
    const char* const names[] = {"reference", "moved_fields", "twins"};
    for (std::size_t i = 0; i < count; ++i) {
      add("u/20/x86_64/5." + std::to_string(i) + ".btf.tar.xz", kernel(names[i % 3]));
    }
  }

  RunSummary run_well() {
    auto summary = run(options_, observer_);
    EXPECT_TRUE(summary) << summary.error().error.message;
    return summary ? *std::move(summary) : RunSummary();
  }
  RunError run_badly() {
    auto summary = run(options_, observer_);
    EXPECT_FALSE(summary);
    return summary ? RunError() : summary.error();
  }

  test::TempDir dir_;
  std::vector<test::TarMember> members_;
  RunOptions options_;
  RunObserver observer_;
};

TEST_F(Run, EveryEntryHasOneOutcomeAndBrokenOnesCostNoOther) {
  add_kernels(6);
  add("u/20/x86_64/5.3-empty.btf", "");
  add("u/20/x86_64/5.3-html.btf.tar.xz", "<html>");
  add("u/20/x86_64/5.3-nothing.btf.tar.xz", test::make_kernel_tar("README", "hello"));
  add("u/20/x86_64/5.9.btf.tar.xz", kernel("reference").substr(0, 400));
  add("u/20/x86_64/5.1.failed", "");
  const RunSummary summary = run_well();
  EXPECT_EQ(summary.kernels.size(), 10U);
  EXPECT_EQ(summary.count(Outcome::kMinimized), 4U);
  EXPECT_EQ(summary.count(Outcome::kDegraded), 2U);
  EXPECT_EQ(summary.count(Outcome::kFailed), 4U);
  EXPECT_EQ(summary.unique, 3U);
  EXPECT_THAT(summary.ignored, ElementsAre("u/20/x86_64/5.1.failed"));
  EXPECT_TRUE(std::ranges::is_sorted(summary.kernels, {}, &KernelOutcome::archive_path));
  for (const KernelOutcome& k : summary.kernels) {
    EXPECT_EQ(k.reasons.empty(), k.outcome == Outcome::kMinimized) << k.archive_path;
    EXPECT_EQ(std::filesystem::is_regular_file(out() / k.output_path),
              k.outcome != Outcome::kFailed)
        << k.archive_path;
  }
}

TEST_F(Run, WritesTheSameAtAnyNumberOfJobs) {
  add_kernels(40);
  add("u/20/x86_64/5.30-broken.btf.tar.xz", "broken");
  dir_.link("archive/u/focal", "20");
  for (const Layout layout :
       {Layout::kSymlink, Layout::kHardlink, Layout::kCopy, Layout::kIndexed}) {
    options_.layout = layout;
    std::set<Tree> trees;
    for (const unsigned jobs : {1U, 2U, 8U}) {
      options_.jobs = jobs;
      options_.out = dir_ / ("out" + std::to_string(jobs));
      std::filesystem::remove_all(options_.out);
      run_well();
      trees.insert(test::read_tree(options_.out));
    }
    EXPECT_EQ(trees.size(), 1U);
  }
}

TEST_F(Run, ATarGivesWhatItsFolderGives) {
  add_kernels(9);
  add("u/20/x86_64/5.3-empty.btf", "");
  dir_.link("archive/u/focal", "20");
  members_.push_back(
      {.name = "./u/focal", .content = "20", .type = test::TarMember::Type::kSymlink});
  std::ranges::reverse(members_);
  run_well();
  const Tree from_folder = test::read_tree(out());
  for (const auto compression :
       {test::Compression::kNone, test::Compression::kXz, test::Compression::kZstd}) {
    std::filesystem::remove_all(out());
    options_.archive = dir_.write("hub.tar", test::make_tar(members_, compression));
    run_well();
    EXPECT_EQ(test::read_tree(out()), from_folder);
  }
}

TEST_F(Run, OneKernelsFileIsAnArchive) {
  options_.archive = dir_.write("5.4-x86_64.btf.tar.xz", kernel("reference"));
  const RunSummary summary = run_well();
  ASSERT_EQ(summary.kernels.size(), 1U);
  EXPECT_EQ(summary.kernels[0].identity.arch, "x86_64");
  EXPECT_TRUE(std::filesystem::is_regular_file(out() / "5.4-x86_64.btf"));
}

TEST_F(Run, AgainIsAsFresh) {
  add_kernels(6);
  dir_.link("archive/u/focal", "20");
  run_well();
  std::filesystem::remove(dir_ / "archive/u/20/x86_64/5.0.btf.tar.xz");
  std::filesystem::remove(dir_ / "archive/u/focal");
  dir_.write("archive/u/20/x86_64/5.1.btf.tar.xz", kernel("reference"));
  options_.layout = Layout::kCopy;
  run_well();
  const Tree again = test::read_tree(out());
  std::filesystem::remove_all(out());
  run_well();
  EXPECT_EQ(test::read_tree(out()), again);
  EXPECT_FALSE(again.contains("u/20/x86_64/5.0.btf"));
}

TEST_F(Run, AliasesOfWhatWasNotWrittenAreLeftOut) {
  add("u/20/x86_64/5.4.btf.tar.xz", kernel("reference"));
  add("u/18/x86_64/4.15.btf.tar.xz", "broken");
  dir_.link("archive/u/focal", "20");
  dir_.link("archive/u/bionic", "18");
  const RunSummary summary = run_well();
  ASSERT_EQ(summary.aliases.size(), 1U);
  EXPECT_EQ(summary.aliases[0].path, "u/focal");
  EXPECT_FALSE(std::filesystem::exists(out() / "u/bionic"));
  EXPECT_TRUE(std::filesystem::exists(out() / "u/focal/x86_64/5.4.btf"));
}

TEST_F(Run, TellsTheObserverInPathOrder) {
  add_kernels(12);
  std::vector<std::string> told;
  std::size_t total = 0;
  std::size_t relocations = 0;
  std::atomic<int> inside = 0;
  observer_.objects_loaded = [&](const RunSummary& s) { relocations = s.relocations; };
  observer_.scanned = [&](std::size_t kernels) { total = kernels; };
  observer_.kernel_done = [&](const KernelOutcome& k) {
    EXPECT_EQ(inside.fetch_add(1), 0);
    told.push_back(k.archive_path);
    inside.fetch_sub(1);
  };
  observer_.should_stop = [&] {
    EXPECT_EQ(inside.fetch_add(1), 0);
    inside.fetch_sub(1);
    return false;
  };
  const RunSummary summary = run_well();
  EXPECT_EQ(total, 12U);
  EXPECT_EQ(relocations, summary.relocations);
  EXPECT_GT(relocations, 0U);
  ASSERT_EQ(told.size(), summary.kernels.size());
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i], summary.kernels[i].archive_path);
  }
}

// The calling thread counts too.
TEST_F(Run, KeepsToItsNumberOfThreads) {
  add_kernels(30);
  const auto threads_now = [] {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("Threads:")) {
        return std::stoul(line.substr(8));
      }
    }
    return 0UL;
  };
  options_.jobs = 1;
  const unsigned long before = threads_now();
  unsigned long most = 0;
  observer_.kernel_done = [&](const KernelOutcome&) { most = std::max(most, threads_now()); };
  run_well();
  EXPECT_LE(most, before);
}

TEST_F(Run, StrictLeavesTheOutputAsItWas) {
  add("u/20/x86_64/5.0.btf.tar.xz", kernel("reference"));
  run_well();
  const Tree before = test::read_tree(out());
  add("u/20/x86_64/4.0.btf.tar.xz", "broken");
  add("u/20/x86_64/3.0.btf.tar.xz", kernel("moved_fields"));
  options_.strict = true;
  const RunSummary summary = run_well();
  EXPECT_TRUE(summary.stopped_early);
  EXPECT_EQ(summary.kernels.size(), 2U);
  EXPECT_EQ(summary.kernels.back().outcome, Outcome::kFailed);
  EXPECT_EQ(test::read_tree(out()), before);
}

TEST_F(Run, AStopLeavesTheOutputAsItWas) {
  add_kernels(30);
  options_.out = dir_ / "never/made";
  std::size_t done = 0;
  observer_.kernel_done = [&](const KernelOutcome&) { ++done; };
  observer_.should_stop = [&] { return done >= 3; };
  const RunSummary summary = run_well();
  EXPECT_TRUE(summary.stopped_early);
  EXPECT_GE(summary.kernels.size(), 3U);
  EXPECT_LT(summary.kernels.size(), 30U);
  EXPECT_FALSE(std::filesystem::exists(dir_ / "never"));
}

TEST_F(Run, WhereNothingCanBeWrittenTheOutputStaysAsItWas) {
  add("u/20/x86_64/5.0.btf.tar.xz", kernel("reference"));
  run_well();
  const Tree before = test::read_tree(out());
  add("u/20/x86_64/5.0.btf.tar.xz", "broken");
  const RunSummary summary = run_well();
  EXPECT_EQ(summary.count(Outcome::kFailed), 1U);
  EXPECT_FALSE(summary.stopped_early);
  EXPECT_EQ(test::read_tree(out()), before);
}

TEST_F(Run, LimitsTheSizeOfABtf) {
  add("u/20/x86_64/5.0.btf.tar.xz", kernel("reference"));
  add("u/20/x86_64/5.1.btf.tar.xz",
      test::make_kernel_tar(
          "big.btf", test::read_file(test::kernel_path("reference")) + std::string(100'000, 'x')));
  options_.max_btf_size = 50'000;
  const RunSummary summary = run_well();
  EXPECT_EQ(summary.kernels[0].outcome, Outcome::kMinimized);
  EXPECT_THAT(summary.kernels[1].reasons, ElementsAre(HasSubstr("more than the 50000 allowed")));
}

TEST_F(Run, UsageErrorsAreToldBeforeAnythingIsTouched) {
  add_kernels(1);
  const auto told = [&](const std::string& because) {
    const RunError error = run_badly();
    EXPECT_EQ(error.kind, RunError::Kind::kUsage);
    EXPECT_THAT(error.error.message, HasSubstr(because));
    EXPECT_FALSE(std::filesystem::exists(out()));
  };
  const RunOptions good = options_;
  options_.archive = dir_ / "missing";
  told("missing: cannot be opened: No such file or directory");
  options_ = good;
  options_.objects = {dir_ / "missing.o"};
  told("missing.o: cannot be opened");
  options_.objects.clear();
  told("no objects given");
  options_ = good;
  options_.filter.kernel = {">=x"};
  told("'x' is not a version");
  options_.filter.kernel = {">=9"};
  told("the filters leave out all of its 1 kernels");
  options_ = good;
  std::filesystem::create_directory(dir_ / "empty");
  options_.archive = dir_ / "empty";
  told("no kernel in it");
  options_ = good;
  options_.out = dir_ / "archive/out";
  told("lies inside of the archive");
}

TEST_F(Run, AnOutputThatCannotBeWrittenIsToldApart) {
  add_kernels(1);
  options_.out = "/proc/btfbatch/out";
  EXPECT_EQ(run_badly().kind, RunError::Kind::kOutput);
}

}  // namespace
}  // namespace btfbatch
