// An archive that is a pack.
#pragma once

#include <filesystem>
#include <memory>
#include <span>

#include "core/error.h"
#include "pipeline/pack/pack_file.h"
#include "pipeline/scan.h"

namespace btfbatch {

// Whether a file is to be taken for a pack: by its magic, or by its name where it is damaged.
[[nodiscard]] bool looks_like_pack(const std::filesystem::path& file);

// See open_archive(). Gives the entries that the archive gave which was packed, what failed there
// among them, in an order that suits decoding. The checksums of what the filters let through are
// looked at once, so that damage is told before anything else is: kernels that are hit by it come
// first, as entries with a failure.
[[nodiscard]] Result<std::unique_ptr<Archive>> open_pack_archive(const std::filesystem::path& file,
                                                                 ScanOptions options);

// The same of a pack that is open; what is damaged in it as a whole is its owner's to tell.
[[nodiscard]] std::unique_ptr<Archive> pack_archive(const std::shared_ptr<const PackFile>& pack,
                                                    ScanOptions options);

}  // namespace btfbatch
