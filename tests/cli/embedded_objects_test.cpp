// Objects inside other files, as a libbpf skeleton or a bpf2go program carries them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_paths.h"
#include "tests/cli/program.h"

namespace btfbatch::test {
namespace {

using ::testing::HasSubstr;

class EmbeddedObjects : public ProgramTest {
 protected:
  void SetUp() override { add_kernel("debian/12/x86_64/6.1.0-1-amd64", "reference"); }

  [[nodiscard]] Arguments job_of(const std::string& objects) const {
    return {"--archive", "archive", "--out", "out", "--objs", objects};
  }
  [[nodiscard]] std::string output() const {
    return test::read_file(out() / "debian/12/x86_64/6.1.0-1-amd64.btf");
  }
};

TEST_F(EmbeddedObjects, AreFoundAtAnyAlignment) {
  const std::string object = test::read_file(object_path("field_kinds"));
  for (std::size_t before = 1; before <= 8; ++before) {
    dir_.write("tool", std::string(before, '#') + object + "more");
    const ProgramResult result = btfbatch(job_of("tool"));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(output(), minimized("reference", {"field_kinds"}));
    EXPECT_THAT(result.out, HasSubstr("  found inside 1 other file\n    tool\n"));
  }
}

TEST_F(EmbeddedObjects, AllOfThemCount) {
  dir_.write("tool", "head" + test::read_file(object_path("field_kinds")) + "x" +
                         test::read_file(object_path("arrays")) + "tail");
  const ProgramResult result = btfbatch(job_of("tool"));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(output(), minimized("reference", {"field_kinds", "arrays"}));
  EXPECT_THAT(result.out, HasSubstr("    tool (2 objects)\n"));
  EXPECT_EQ(manifest().at("objects").size(), 2U);
}

TEST_F(EmbeddedObjects, StandBesidePlainOnes) {
  dir_.write("tool", "head" + test::read_file(object_path("field_kinds")));
  Arguments arguments = job_of("tool");
  arguments.push_back(object_path("arrays"));
  const ProgramResult result = btfbatch(arguments);
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(output(), minimized("reference", {"field_kinds", "arrays"}));
  EXPECT_THAT(result.out, HasSubstr("Objects\n  read         2\n"));
  EXPECT_THAT(result.out, HasSubstr("  found inside 1 other file\n"));
}

TEST_F(EmbeddedObjects, AFileWithNoneIsAnError) {
  const ProgramResult result = btfbatch(job_of(BTFBATCH_EXECUTABLE));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr(BTFBATCH_EXECUTABLE));
}

}  // namespace
}  // namespace btfbatch::test
