// An archive that is a directory tree.
#pragma once

#include <filesystem>
#include <memory>

#include "core/error.h"
#include "pipeline/scan.h"

namespace btfbatch {

// See open_archive().
[[nodiscard]] Result<std::unique_ptr<Archive>> open_directory_archive(
    const std::filesystem::path& folder, ScanOptions options);

// An archive of one kernel, whose path in the archive is the file's name.
[[nodiscard]] std::unique_ptr<Archive> open_single_kernel(const std::filesystem::path& file,
                                                          ScanOptions options);

}  // namespace btfbatch
