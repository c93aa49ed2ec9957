#include "pipeline/report/report_page.h"

namespace btfbatch {

// Written by the build.
extern const std::string_view kReportPage;

namespace {

constexpr std::string_view kPlaceOfData = "@REPORT_JSON@";

// JSON has '<' within strings alone. Escaped there, nothing in it is a tag or a comment to the
// browser, such as the end of the <script> that holds it.
void append_escaped(std::string& page, std::string_view json) {
  while (!json.empty()) {
    const std::size_t bracket = json.find('<');
    page += json.substr(0, bracket);
    if (bracket == std::string_view::npos) {
      return;
    }
    page += "\\u003c";
    json.remove_prefix(bracket + 1);
  }
}

}  // namespace

std::string write_report_page(std::string_view report_json) {
  const std::size_t place = kReportPage.find(kPlaceOfData);
  std::string page(kReportPage.substr(0, place));
  page.reserve(kReportPage.size() + report_json.size());
  append_escaped(page, report_json);
  page += kReportPage.substr(place + kPlaceOfData.size());
  return page;
}

}  // namespace btfbatch
