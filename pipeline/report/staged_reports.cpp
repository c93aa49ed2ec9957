#include "pipeline/report/staged_reports.h"

#include <string>
#include <string_view>
#include <utility>

#include "pipeline/file.h"
#include "pipeline/report/report_json.h"
#include "pipeline/report/report_page.h"

namespace btfbatch {
namespace {

Result<StagedFile> stage(const std::filesystem::path& path, std::string_view text) {
  Result<StagedFile> file = StagedFile::make(path);
  if (!file) {
    return file;
  }
  Result<void> written = file->write(bytes_of(text));
  if (written) {
    written = file->sync();
  }
  if (!written) {
    return std::unexpected(std::move(written).error());
  }
  return file;
}

}  // namespace

Result<StagedReports> StagedReports::make(const ReportOptions& options, const RunSummary& run) {
  StagedReports staged;
  if (options.json.empty() && options.html.empty()) {
    return staged;
  }
  const std::string json = write_report_json(run);
  if (!options.json.empty()) {
    Result<StagedFile> file = stage(options.json, json);
    if (!file) {
      return fail_within("--json", std::move(file).error());
    }
    staged.files_.push_back(*std::move(file));
  }
  if (!options.html.empty()) {
    Result<StagedFile> file = stage(options.html, write_report_page(json));
    if (!file) {
      return fail_within("--html", std::move(file).error());
    }
    staged.files_.push_back(*std::move(file));
  }
  return staged;
}

Result<void> StagedReports::place() {
  for (StagedFile& file : files_) {
    if (Result<void> placed = file.place(); !placed) {
      return placed;
    }
  }
  return {};
}

}  // namespace btfbatch
