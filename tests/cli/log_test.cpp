#include "cli/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace btfbatch::cli {
namespace {

TEST(Log, PutsTheLiveLineBackBeneathAMessage) {
  ::testing::internal::CaptureStderr();
  {
    Log log({});
    log.show_live("1/2 kernels");
    log.error(
        "a\x1b"
        "b");
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "\r\x1b[K1/2 kernels"
            "\r\x1b[K"
            "btfbatch: error: a\\x1bb\n"
            "1/2 kernels"
            "\r\x1b[K");
}

TEST(Log, LetsThroughWhatTheSettingsSay) {
  const auto lines = [](const Settings& settings) {
    ::testing::internal::CaptureStderr();
    {
      Log log(settings);
      log.write(spdlog::level::debug, "detail");
      log.write(spdlog::level::info, "information");
      log.warn("careful");
      log.error("broken");
    }
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(lines({.quiet = true}), "btfbatch: error: broken\n");
  EXPECT_EQ(lines({}), "information\nbtfbatch: warning: careful\nbtfbatch: error: broken\n");
  EXPECT_EQ(lines({.verbose = true}),
            "detail\ninformation\nbtfbatch: warning: careful\nbtfbatch: error: broken\n");
}

TEST(Log, WritesJsonThatHoldsAnyBytes) {
  ::testing::internal::CaptureStderr();
  {
    Log log({.log_format = LogFormat::kJson});
    log.write(spdlog::level::err, "bad \xff name\n", {{"kernel", "k"}});
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  const auto line = nlohmann::json::parse(text);
  EXPECT_EQ(line.at("level"), "error");
  EXPECT_EQ(line.at("message"), "bad \xef\xbf\xbd name\n");
  EXPECT_EQ(line.at("kernel"), "k");
  EXPECT_EQ(line.at("time").get<std::string>().size(),
            std::string("2026-01-01T00:00:00.000Z").size());
}

}  // namespace
}  // namespace btfbatch::cli
