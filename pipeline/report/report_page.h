// The report as one HTML page that needs nothing but a browser.
#pragma once

#include <string>
#include <string_view>

namespace btfbatch {

// The page over a text of write_report_json(). Names in it come from files that nobody vouches for:
// they cannot end the data, and the page's script shows them as text alone. The page's sources are
// pipeline/report/page/; the build joins them (pipeline/report/page.cmake).
[[nodiscard]] std::string write_report_page(std::string_view report_json);

}  // namespace btfbatch
