// Making ready, out of sight, what is to be placed: all that takes space or time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "pipeline/blob_store.h"
#include "pipeline/files_in_place.h"
#include "pipeline/output_folder.h"
#include "pipeline/output_plan.h"
#include "pipeline/stop_signal.h"
#include "pipeline/survey.h"

namespace btfbatch {

// Fills the output folder's placing folder. The arguments are borrowed. Not to be used from two
// threads at once.
class Staging {
 public:
  Staging(const OutputFolder& folder, const OutputPlan& plan, const BlobStore& blobs, Layout layout,
          const FilesInPlace& in_place)
      : folder_(folder),
        plan_(plan),
        blobs_(blobs),
        layout_(layout),
        in_place_(in_place),
        is_used_(blobs.size()) {}

  // Makes the new files, links and folders of all steps that do not stay, with their bytes on the
  // disk. Fails where they cannot be written, or where `stop`, which may be nullptr, says so.
  [[nodiscard]] Result<void> stage(std::vector<Step>& steps, StopSignal* stop);

  // Makes a document and gives its path; an empty one where it lies at its place already.
  [[nodiscard]] Result<std::filesystem::path> stage_document(const std::string& text,
                                                             std::string_view name);

  // A path that is not taken yet.
  [[nodiscard]] std::filesystem::path new_path();

  // Whether nothing had to be made.
  [[nodiscard]] bool is_empty() const { return staged_ == 0; }

  // The files in folders that stand in for links to folders: paths of the output.
  [[nodiscard]] const PathSet& stand_ins() const { return stand_ins_; }

 private:
  [[nodiscard]] Result<void> stage_step(Step& step);
  [[nodiscard]] Result<void> stage_file(std::size_t blob, const std::filesystem::path& file);
  [[nodiscard]] Result<void> stage_folder(const Step& step);
  [[nodiscard]] std::filesystem::path at(std::string_view path) const {
    return folder_.root() / path;
  }

  const OutputFolder& folder_;
  const OutputPlan& plan_;
  const BlobStore& blobs_;
  Layout layout_;
  const FilesInPlace& in_place_;
  std::size_t staged_ = 0;
  std::vector<bool> is_used_;  // blobs
  PathSet stand_ins_;
};

}  // namespace btfbatch
