#include "pipeline/report/options.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "pipeline/file.h"

namespace btfbatch {

Result<void> ReportOptions::check(const std::filesystem::path& archive) const {
  const auto check_one = [&](std::string_view option, const std::filesystem::path& file) {
    Result<void> checked = file.empty() ? Result<void>() : check_place_of_new_file(file, archive);
    return checked ? checked
                   : fail_within(fmt::format("{} {}", option, file.string()),
                                 std::move(checked).error());
  };
  if (!html.empty() && html.lexically_normal() == json.lexically_normal()) {
    return fail(fmt::format("{} is to be made twice", html.string()));
  }
  if (Result<void> checked = check_one("--html", html); !checked) {
    return checked;
  }
  return check_one("--json", json);
}

}  // namespace btfbatch
