// A folder for the time of a run, where there is no output folder to work in.
#pragma once

#include <filesystem>

#include "core/error.h"

namespace btfbatch {

// An empty folder of its own among the system's temporary files ($TMPDIR, or /tmp), readable by its
// owner alone. It is removed, with all that is in it, at the end of its life; what a killed run
// leaves is left to those who clean there.
class ScratchFolder {
 public:
  // Fails, naming the folder, where it cannot be made.
  [[nodiscard]] static Result<ScratchFolder> make();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  ScratchFolder(ScratchFolder&& other) noexcept;
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();

 private:
  ScratchFolder() = default;

  std::filesystem::path path_;  // empty once moved from
};

}  // namespace btfbatch
