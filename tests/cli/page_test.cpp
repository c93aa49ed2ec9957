#include "cli/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace btfbatch::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Reasons, StandInOneLine) {
  std::vector<std::string> reasons;
  EXPECT_EQ(reasons_in_one_line(reasons), "");
  reasons = {"one", "two", "three"};
  EXPECT_EQ(reasons_in_one_line(reasons), "one; two; three");
  reasons.emplace_back("four");
  EXPECT_EQ(reasons_in_one_line(reasons), "one; two; three; and 1 more reason");
  reasons.emplace_back("five");
  EXPECT_EQ(reasons_in_one_line(reasons), "one; two; three; and 2 more reasons");
}

TEST(Page, AlignsRowsAndEndsEachLine) {
  Page page("see there");
  page.headline("Kernels");
  page.row("read", 12);
  page.row("time", "3 s");
  EXPECT_EQ(std::move(page).text(), "Kernels\n  read         12\n  time         3 s\n");
}

TEST(Page, CutsLongListsAndSaysWhereTheRestIs) {
  std::vector<std::string> lines(20, "line");
  Page whole("see there");
  whole.list(lines);
  EXPECT_THAT(std::move(whole).text(), Not(HasSubstr("more")));
  lines.emplace_back("line");
  lines.emplace_back("line");
  Page cut("see there");
  cut.list(lines);
  EXPECT_THAT(std::move(cut).text(), HasSubstr("    … and 2 more, see there\n"));
}

TEST(Page, NamesEachProgramThatNeedsTheKernelsOwnBtf) {
  std::vector<ObjectSummary> objects(30);
  for (std::size_t i = 0; i < objects.size(); ++i) {
    objects[i].name = "a" + std::to_string(i) + ".bpf.o";
    objects[i].kernel_btf_programs = {"on_open (fentry)", "on_close (fexit)"};
  }
  Page page("see there");
  page.objects(objects, 0, 0);
  const std::string text = std::move(page).text();
  EXPECT_THAT(text, HasSubstr("60 programs"));
  for (const ObjectSummary& object : objects) {
    EXPECT_THAT(text, HasSubstr("    " + object.name + ": on_open (fentry), on_close (fexit)\n"));
  }
  objects.resize(1);
  objects[0].kernel_btf_programs.assign(5, "on_reading (fentry)");
  Page wide("see there");
  wide.objects(objects, 0, 0);
  EXPECT_THAT(
      std::move(wide).text(),
      HasSubstr("    a0.bpf.o: on_reading (fentry), on_reading (fentry), on_reading (fentry),\n"
                "      on_reading (fentry), on_reading (fentry)\n"));
}

TEST(Page, NamesCannotSteerTheTerminal) {
  Page page("see there");
  const std::vector<std::string> lines = {"\x1b[31mred\nnew line"};
  page.list(lines);
  page.packed_list(lines);
  const std::string text = std::move(page).text();
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
}

}  // namespace
}  // namespace btfbatch::cli
