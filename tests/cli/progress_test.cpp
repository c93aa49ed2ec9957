#include "cli/progress.h"

#include <gtest/gtest.h>

#include <chrono>

namespace btfbatch::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ProgressLine, HoldsCountRateAndTimeLeft) {
  EXPECT_EQ(progress_line({.total = 2000, .done = 500}, seconds(10)),
            "500/2000 kernels, 50.0/s, 30.0 s left");
  EXPECT_EQ(progress_line({.total = 2000, .done = 500, .failed = 2, .degraded = 1}, seconds(10)),
            "500/2000 kernels, 50.0/s, 30.0 s left, 1 degraded, 2 failed");
}

TEST(ProgressLine, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(progress_line({.total = 20}, seconds(0)), "0/20 kernels");
  EXPECT_EQ(progress_line({.total = 20}, seconds(3)), "0/20 kernels");
  EXPECT_EQ(progress_line({.done = 1}, seconds(2)), "1 kernel, 0.5/s");
  EXPECT_EQ(progress_line({.total = 20, .done = 20}, seconds(4)), "20/20 kernels, 5.0/s");
}

// Runs `kernels` steps of `step` through a Progress and returns what came out on standard error.
std::string shown(const Settings& settings, bool is_terminal, int kernels, milliseconds step) {
  ::testing::internal::CaptureStderr();
  {
    Log log(settings);
    Progress progress(settings, is_terminal, log);
    Progress::Clock::time_point now{seconds(1000)};
    progress.begin(static_cast<std::size_t>(kernels), now);
    for (int i = 0; i < kernels; ++i) {
      now += step;
      progress.kernel_done(Outcome::kMinimized, now);
    }
    progress.end(now);
  }
  return ::testing::internal::GetCapturedStderr();
}

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) {
    ++count;
  }
  return count;
}

constexpr std::string_view kClear = "\r\x1b[K";

TEST(Progress, IsOneLiveLineOnATerminal) {
  // 30 s in steps of 50 ms: every second one is shown, after the one at the beginning.
  const std::string text = shown({}, true, 600, milliseconds(50));
  EXPECT_EQ(count_of(text, "\n"), 0U);
  EXPECT_EQ(count_of(text, kClear), 1U + 300 + 1);
  EXPECT_TRUE(text.starts_with("\r\x1b[K0/600 kernels")) << text.substr(0, 80);
  EXPECT_TRUE(text.ends_with(kClear));
}

TEST(Progress, IsALogLineInTenSecondsElsewhere) {
  // 30 s: lines at 10, 20 and 30 s, and the end.
  const std::string text = shown({}, false, 600, milliseconds(50));
  EXPECT_EQ(count_of(text, "\r"), 0U);
  EXPECT_EQ(count_of(text, "\n"), 4U);
  EXPECT_EQ(text.substr(0, text.find('\n')), "progress: 200/600 kernels, 20.0/s, 20.0 s left");
}

TEST(Progress, IsALiveLineWhereAlwaysAsked) {
  EXPECT_GT(count_of(shown({.progress = ProgressMode::kAlways}, false, 10, seconds(1)), kClear),
            10U);
}

TEST(Progress, IsSilentWhereNotWanted) {
  EXPECT_EQ(shown({.progress = ProgressMode::kNever}, true, 10, seconds(20)), "");
  EXPECT_EQ(shown({.quiet = true}, true, 10, seconds(20)), "");
  EXPECT_EQ(shown({.progress = ProgressMode::kAlways, .quiet = true}, true, 10, seconds(20)), "");
}

TEST(Progress, IsLogLinesAsJsonEvenOnATerminal) {
  const std::string text = shown(
      {.progress = ProgressMode::kAlways, .log_format = LogFormat::kJson}, true, 2, seconds(5));
  EXPECT_EQ(count_of(text, "\r"), 0U);
  EXPECT_EQ(count_of(text, "\n"), 2U);
  const auto line = nlohmann::json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(line.at("progress").at("done"), 2);
  EXPECT_EQ(line.at("progress").at("total"), 2);
}

}  // namespace
}  // namespace btfbatch::cli
