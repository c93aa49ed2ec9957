#include "pipeline/read_write.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

using testing::HasSubstr;

UniqueFd open_file(const std::filesystem::path& path, int flags) {
  return UniqueFd(open(path.c_str(), flags | O_CLOEXEC));
}

TEST(ReadAll, GoesOnUntilAllIsThere) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const UniqueFd out(ends[0]);
  // A pipe gives what has come so far.
  std::thread writer([in = UniqueFd(ends[1])] {
    for (const char* part : {"one", "two", "three"}) {
      EXPECT_TRUE(write_all(in, bytes_of(part)));
      usleep(1000);
    }
  });
  std::string text(100, '-');
  const Result<std::size_t> got = read_all(out, std::as_writable_bytes(std::span(text)));
  writer.join();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(text.substr(0, *got), "onetwothree");
}

TEST(ReadAll, EndsWhereTheFileEnds) {
  const test::TempDir dir;
  const UniqueFd file = open_file(dir.write("f", "0123456789"), O_RDONLY);
  std::string text(4, '-');
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(text));
  EXPECT_EQ(read_all_at(file, 3, bytes).value(), 4U);
  EXPECT_EQ(text, "3456");
  EXPECT_EQ(read_all_at(file, 8, bytes).value(), 2U);
  EXPECT_EQ(text, "8956");
  EXPECT_EQ(read_all_at(file, 10, bytes).value(), 0U);
  EXPECT_EQ(read_all(file, bytes).value(), 4U) << "an offset does not move the file's own";
  EXPECT_EQ(text, "0123");
}

TEST(WriteAll, WritesWhereItIsTold) {
  const test::TempDir dir;
  const auto path = dir.write("f", "");
  const UniqueFd file = open_file(path, O_WRONLY);
  ASSERT_TRUE(write_all(file, bytes_of("abcdef")));
  ASSERT_TRUE(write_all_at(file, 2, bytes_of("--")));
  ASSERT_TRUE(write_all(file, bytes_of("g")));
  EXPECT_EQ(test::read_file(path), "ab--efg");
}

TEST(ReadWrite, SaysWhatTheSystemSays) {
  const test::TempDir dir;
  const auto path = dir.write("f", "abc");
  std::array<std::byte, 2> bytes{};
  EXPECT_EQ(read_all(open_file(path, O_WRONLY), bytes).error().message,
            "cannot be read: Bad file descriptor");
  EXPECT_EQ(write_all(open_file(path, O_RDONLY), bytes).error().message,
            "cannot be written: Bad file descriptor");
  EXPECT_THAT(write_all(open_file("/dev/full", O_WRONLY), bytes).error().message,
              HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace btfbatch
