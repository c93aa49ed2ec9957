#include "pipeline/report/report_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "pipeline/report/report_json.h"
#include "tests/pipeline/report/example_answers.h"

namespace btfbatch {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

TEST(ReportPage, HoldsTheReportInAFormThatNoNameCanEnd) {
  RunSummary run = test::example_run();
  run.answers.objects[0].name = "</script><script>alert(1)</script><!--";
  run.kernels[0].archive_path = "\xff</script>";  // not even UTF-8
  const std::string page = write_report_page(write_report_json(run));
  EXPECT_THAT(page, HasSubstr("\\u003c/script>\\u003cscript>alert(1)"));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("@REPORT_JSON@")));
  EXPECT_THAT(page, Not(HasSubstr("@PAGE_")));
  // The browser finds the same report again.
  const std::string begin = "<script id=\"report\" type=\"application/json\">";
  const std::size_t at = page.find(begin) + begin.size();
  EXPECT_EQ(json::parse(page.substr(at, page.find("</script>", at) - at)),
            json::parse(write_report_json(run)));
}

}  // namespace
}  // namespace btfbatch
