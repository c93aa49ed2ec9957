#include "pipeline/output_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/file.h"
#include "tests/support/temp_dir.h"

namespace btfbatch {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

class OutputCheck : public testing::Test {
 protected:
  OutputCheck() {
    dir_.write("u/20/a.btf", "first");
    dir_.write("u/20/c.btf", "other");
    dir_.link("u/20/b.btf", "a.btf");
    dir_.link("u/focal", "20");
  }

  [[nodiscard]] std::vector<Misplaced> check() const {
    const OutputPlan plan = {{"u/20/a.btf", {.blob = 0, .link = {}}},
                             {"u/20/b.btf", {.blob = 0, .link = "a.btf"}},
                             {"u/20/c.btf", {.blob = 1, .link = {}}},
                             {"u/focal", {.blob = {}, .link = "20"}}};
    return check_output(dir_.path(), plan, [](std::size_t blob) {
      const std::string_view content = blob == 0 ? "first" : "other";
      return BlobIdentity{.id = content_id_of(bytes_of(content)), .size = content.size()};
    });
  }
  static auto is(const std::string& path, const std::string& reason) {
    return AllOf(Field(&Misplaced::path, path), Field(&Misplaced::reason, HasSubstr(reason)));
  }

  test::TempDir dir_;
};

TEST_F(OutputCheck, NothingIsSaidOfWhatIsAsPlanned) {
  EXPECT_THAT(check(), IsEmpty());
}

TEST_F(OutputCheck, WhatIsMissingIsNamed) {
  std::filesystem::remove(dir_ / "u/20/c.btf");
  EXPECT_THAT(check(), ElementsAre(is("u/20/c.btf", "is missing")));
}

TEST_F(OutputCheck, BytesAreReadThroughLinks) {
  dir_.write("u/20/a.btf", "FIRST");
  EXPECT_THAT(check(), ElementsAre(is("u/20/a.btf", "has other bytes than the result"),
                                   is("u/20/b.btf", "has other bytes than the result")));
  dir_.write("u/20/a.btf", "longer than it was");
  EXPECT_THAT(check(), ElementsAre(is("u/20/a.btf", "has 18 bytes, not the 5"),
                                   is("u/20/b.btf", "has 18 bytes, not the 5")));
}

TEST_F(OutputCheck, LinksMustLeadWhereTheyWerePlannedTo) {
  std::filesystem::remove(dir_ / "u/20/b.btf");
  dir_.link("u/20/b.btf", "./a.btf");
  std::filesystem::remove(dir_ / "u/focal");
  dir_.write("u/focal", "a file");
  EXPECT_THAT(check(), ElementsAre(is("u/20/b.btf", "leads to ./a.btf, not to a.btf"),
                                   is("u/focal", "is no symbolic link to 20")));
}

TEST_F(OutputCheck, WhatIsNoFileIsNotWaitedFor) {
  std::filesystem::remove(dir_ / "u/20/c.btf");
  std::filesystem::create_directory(dir_ / "u/20/c.btf");
  EXPECT_THAT(check(), ElementsAre(is("u/20/c.btf", "is a folder")));
}

}  // namespace
}  // namespace btfbatch
