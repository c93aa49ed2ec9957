#include "cli/units.h"

#include <gtest/gtest.h>

#include <chrono>

namespace btfbatch::cli {
namespace {

TEST(ParseSize, ReadsBytesAndBinaryUnits) {
  EXPECT_EQ(parse_size("1").value(), 1U);
  EXPECT_EQ(parse_size("4096").value(), 4096U);
  EXPECT_EQ(parse_size("4096B").value(), 4096U);
  EXPECT_EQ(parse_size("64KiB").value(), 65536U);
  EXPECT_EQ(parse_size("256MiB").value(), 268435456U);
  EXPECT_EQ(parse_size("256 mib").value(), 268435456U);
  EXPECT_EQ(parse_size("1GiB").value(), 1073741824U);
  EXPECT_EQ(parse_size("18446744073709551615").value(), UINT64_MAX);
}

TEST(ParseSize, RefusesEverythingElse) {
  for (const char* text : {"", " ", "MiB", "x", "-1", "+1", "1.5MiB", "1 2", "256MB", "256M", "0",
                           "0GiB", "0x10", "256MiBs", "1\nKiB"}) {
    EXPECT_FALSE(parse_size(text)) << '\'' << text << '\'';
  }
}

TEST(ParseSize, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(parse_size("18446744073709551616"));
  EXPECT_TRUE(parse_size("17179869183GiB"));
  EXPECT_FALSE(parse_size("17179869184GiB"));
}

TEST(ParseNumber, KeepsToItsBounds) {
  EXPECT_EQ(parse_number("0", 0, 8).value(), 0U);
  EXPECT_EQ(parse_number("8", 0, 8).value(), 8U);
  for (const char* text : {"9", "-1", "+1", "", "4x", "4.0", " 4", "99999999999999999999"}) {
    EXPECT_FALSE(parse_number(text, 0, 8)) << text;
  }
  EXPECT_FALSE(parse_number("0", 1, 8));
}

TEST(FormatSize, StaysInOneConvention) {
  EXPECT_EQ(format_size(0), "0 B");
  EXPECT_EQ(format_size(1023), "1023 B");
  EXPECT_EQ(format_size(1024), "1.0 KiB");
  EXPECT_EQ(format_size(4198), "4.1 KiB");
  EXPECT_EQ(format_size(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(format_size(26ULL << 20), "26.0 MiB");
  EXPECT_EQ(format_size(5ULL << 40), "5.0 TiB");
  EXPECT_EQ(format_size(5ULL << 50), "5120.0 TiB");
}

TEST(FormatDuration, GrowsItsUnits) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  EXPECT_EQ(format_duration(milliseconds(0)), "0.0 s");
  EXPECT_EQ(format_duration(milliseconds(1940)), "1.9 s");
  EXPECT_EQ(format_duration(milliseconds(59900)), "59.9 s");
  EXPECT_EQ(format_duration(milliseconds(59999)), "1 min 0 s");
  EXPECT_EQ(format_duration(seconds(125)), "2 min 5 s");
  EXPECT_EQ(format_duration(seconds(3599)), "59 min 59 s");
  EXPECT_EQ(format_duration(seconds(3780)), "1 h 3 min");
}

TEST(FormatCount, KnowsOneFromMany) {
  EXPECT_EQ(format_count(0, "kernel"), "0 kernels");
  EXPECT_EQ(format_count(1, "kernel"), "1 kernel");
  EXPECT_EQ(format_count(2, "kernel"), "2 kernels");
}

}  // namespace
}  // namespace btfbatch::cli
