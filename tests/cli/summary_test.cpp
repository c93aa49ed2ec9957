#include "cli/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>

namespace btfbatch::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

KernelOutcome kernel(std::string path, Outcome outcome, std::uint64_t content) {
  KernelOutcome result;
  result.archive_path = std::move(path);
  result.outcome = outcome;
  result.content_id = {.high = 0, .low = content};
  result.compressed_size = 1024;
  result.btf_size = 4096;
  if (outcome == Outcome::kFailed) {
    result.reasons = {"not xz"};
  } else {
    result.minimized_size = content * 100;
  }
  return result;
}

// Three kernels written as two contents (of 100 and 200 bytes), one of them degraded; one failed.
RunSummary example() {
  RunSummary summary;
  summary.kernels = {kernel("a", Outcome::kMinimized, 1), kernel("b", Outcome::kMinimized, 1),
                     kernel("c", Outcome::kDegraded, 2), kernel("d", Outcome::kFailed, 0)};
  summary.kernels[2].reasons = {"one", "two", "three", "four", "five"};
  summary.unique = 2;
  summary.relocations = 30;
  summary.distinct_relocations = 20;
  summary.wall = std::chrono::seconds(2);
  summary.objects.resize(1);
  summary.objects[0].name = "x.bpf.o";
  return summary;
}

RunOptions to(const char* out) {
  RunOptions options;
  options.out = out;
  return options;
}

ObjectSummary object(std::string name, std::string found_in = "") {
  ObjectSummary result;
  result.name = std::move(name);
  result.found_in = std::move(found_in);
  return result;
}

TEST(Totals, CountLinksOnceAndCopiesEachTime) {
  const Totals links = totals_of(example(), Layout::kSymlink);
  EXPECT_EQ(links.read, 4U);
  EXPECT_EQ(links.written, 3U);
  EXPECT_EQ(links.unique, 2U);
  EXPECT_EQ(links.duplicate, 1U);
  EXPECT_EQ(links.degraded, 1U);
  EXPECT_EQ(links.failed, 1U);
  EXPECT_EQ(links.archive_bytes, 4096U);
  EXPECT_EQ(links.btf_bytes, 12288U);
  EXPECT_EQ(links.written_bytes, 300U);
  EXPECT_DOUBLE_EQ(links.times_smaller(), 40.96);

  EXPECT_EQ(totals_of(example(), Layout::kHardlink).written_bytes, 300U);
  EXPECT_EQ(totals_of(example(), Layout::kIndexed).written_bytes, 300U);
  EXPECT_EQ(totals_of(example(), Layout::kCopy).written_bytes, 400U);
}

TEST(Totals, OfNothingAreZero) {
  const Totals totals = totals_of(RunSummary{}, Layout::kSymlink);
  EXPECT_EQ(totals.read, 0U);
  EXPECT_EQ(totals.duplicate, 0U);
  EXPECT_EQ(totals.times_smaller(), 0);
}

TEST(SummaryText, IsAnAlignedPage) {
  EXPECT_EQ(summary_text(example(), to("btfs")), R"(Objects
  read         1
  relocations  30, 20 of them distinct
Kernels
  read         4
  written      3
  unique       2
  duplicate    1
  degraded     1
    c: one; two; three; and 2 more reasons
  failed       1
    d: not xz
Relocations
  broken       0
  ambiguous    0
Bytes
  archive      4.0 KiB
  BTF          12.0 KiB
  written      300 B, 41.0 times smaller
Run
  time         2.0 s, 2.0 kernels/s
  manifest     btfs/btfbatch.json
)");
}

TEST(SummaryText, SaysWhatWasFoundInsideWhat) {
  RunSummary summary = example();
  summary.objects = {object("/usr/sbin/opensnoop", "/usr/sbin/opensnoop"), object("tool", "tool"),
                     object("tool#2", "tool"), object("maps.bpf.o"), object("old.bpf.o")};
  summary.objects[3].has_btf_ext = false;
  summary.objects[4].warnings = {"libbpf cannot open it"};
  const std::string text = summary_text(summary, {});
  EXPECT_THAT(text, HasSubstr("  found inside 2 other files\n"
                              "    /usr/sbin/opensnoop, tool (2 objects)\n"));
  EXPECT_THAT(text, HasSubstr("  maps only    1\n"
                              "    maps.bpf.o: has no .BTF.ext and needs nothing of a kernel\n"));
  EXPECT_THAT(text, HasSubstr("  warnings     1\n    old.bpf.o: libbpf cannot open it\n"));
}

TEST(SummaryText, PacksTheFilesThatObjectsWereFoundIn) {
  RunSummary summary = example();
  summary.objects.clear();
  for (int i = 100; i < 185; ++i) {
    const std::string file = "/usr/sbin/tool-" + std::to_string(i);
    summary.objects.push_back(object(file, file));
  }
  const std::string text = summary_text(summary, to("o"));
  EXPECT_THAT(text, HasSubstr("  found inside 85 other files\n    /usr/sbin/tool-100, "));
  EXPECT_THAT(text, HasSubstr("/usr/sbin/tool-179,\n    … and 5 more, see o/btfbatch.json\n"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 100U) << line;
  }
}

TEST(SummaryText, NamesWhatWasPassedOver) {
  RunSummary summary = example();
  summary.filtered_out = 7;
  summary.aliases.resize(1);
  summary.ignored = {"README.md", "x.failed"};
  const std::string text = summary_text(summary, {});
  EXPECT_THAT(text, HasSubstr("  left out     7 by the filters\n"));
  EXPECT_THAT(text, HasSubstr("  aliases      1 path\n"));
  EXPECT_THAT(text, HasSubstr("  ignored      2 files that hold no kernel\n"));
}

TEST(SummaryText, CutsLongLists) {
  RunSummary summary;
  for (int i = 0; i < 20; ++i) {
    summary.kernels.push_back(kernel("k" + std::to_string(i), Outcome::kFailed, 0));
  }
  EXPECT_THAT(summary_text(summary, to("o")), Not(HasSubstr("more")));
  summary.kernels.push_back(kernel("last", Outcome::kFailed, 0));
  const std::string text = summary_text(summary, to("o"));
  EXPECT_THAT(text, HasSubstr("    k19: not xz\n    … and 1 more, see o/btfbatch.json\n"));
  EXPECT_THAT(text, Not(HasSubstr("last")));
}

TEST(SummaryText, DisarmsNames) {
  RunSummary summary = example();
  summary.kernels[3].archive_path = "d\n\x1b[2J";
  EXPECT_THAT(summary_text(summary, {}), HasSubstr("    d\\x0a\\x1b[2J: not xz\n"));
}

TEST(SummaryJson, SaysTheSame) {
  const auto summary = summary_json(example(), to("btfs"));
  EXPECT_EQ(summary.at("objects").at("read"), 1);
  EXPECT_EQ(summary.at("objects").at("distinct_relocations"), 20);
  EXPECT_EQ(summary.at("objects").at("list").at(0).at("name"), "x.bpf.o");
  EXPECT_EQ(
      summary.at("kernels").dump(),
      R"({"read":4,"written":3,"unique":2,"duplicate":1,"reused":0,"degraded":1,"failed":1,"left_out":0})");
  EXPECT_EQ(summary.at("bytes").at("written"), 300);
  EXPECT_EQ(summary.at("seconds"), 2.0);
  EXPECT_EQ(summary.at("manifest"), "btfs/btfbatch.json");
}

}  // namespace
}  // namespace btfbatch::cli
