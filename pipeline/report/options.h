// Which reports a run makes.
#pragma once

#include <filesystem>

#include "core/error.h"

namespace btfbatch {

struct ReportOptions {
  std::filesystem::path html;  // see pipeline/report/report_page.h; empty: none
  std::filesystem::path json;  // see pipeline/report/report_json.h; empty: none
  bool only = false;           // no output and no bundle is wanted beside them

  // Says what makes no sense: the same file twice, in a folder that is not there or in the archive.
  [[nodiscard]] Result<void> check(const std::filesystem::path& archive) const;
};

}  // namespace btfbatch
