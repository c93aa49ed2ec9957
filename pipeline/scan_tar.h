// An archive that is one tar.
#pragma once

#include <filesystem>
#include <memory>

#include "core/error.h"
#include "pipeline/scan.h"

namespace btfbatch {

// See open_archive(). `file` is a regular file.
[[nodiscard]] Result<std::unique_ptr<Archive>> open_tar_archive(const std::filesystem::path& file,
                                                                ScanOptions options);

}  // namespace btfbatch
