#include "pipeline/scratch_folder.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <string>
#include <utility>

#include "pipeline/file.h"

namespace btfbatch {

Result<ScratchFolder> ScratchFolder::make() {
  std::error_code error;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(error);
  if (error) {
    return fail(fmt::format("no folder for temporary files: {}; see TMPDIR", error.message()));
  }
  std::string name = (parent / "btfbatch-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    return fail(
        fmt::format("cannot create a folder in {}: {}", parent.string(), errno_text(errno)));
  }
  ScratchFolder folder;
  folder.path_ = std::move(name);
  return folder;
}

ScratchFolder::ScratchFolder(ScratchFolder&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

ScratchFolder::~ScratchFolder() {
  if (!path_.empty()) {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
}

}  // namespace btfbatch
