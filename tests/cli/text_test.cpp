#include "cli/text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace btfbatch::cli {
namespace {

TEST(Printable, DisarmsControlCharactersAndLeavesTheRest) {
  EXPECT_EQ(printable("debian/12/größe"), "debian/12/größe");
  EXPECT_EQ(printable("a\nb\x1b[2Jc\x7f"), "a\\x0ab\\x1b[2Jc\\x7f");
}

TEST(NearestName, TakesTheFewestEdits) {
  const std::vector<std::string> names{"archive", "objs", "out", "jobs", "arch"};
  EXPECT_EQ(nearest_name("arhive", names), "archive");
  EXPECT_EQ(nearest_name("objects", names), "objs");
  EXPECT_EQ(nearest_name("job", names), "jobs");
  EXPECT_EQ(nearest_name("arch", names), "arch");
  EXPECT_EQ(nearest_name("x", std::vector<std::string>{}), "");
}

TEST(NearestName, TakesTheFirstOfEquals) {
  EXPECT_EQ(nearest_name("b", std::vector<std::string>{"ab", "bc"}), "ab");
}

}  // namespace
}  // namespace btfbatch::cli
