// Whether a bundle on disk holds what it was made to hold: read as any reader would, and compared
// with the contents themselves.
#pragma once

#include <filesystem>
#include <span>

#include "core/error.h"
#include "pipeline/blob_store.h"
#include "pipeline/bundle/entries.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {

// A tar in any compression must have just these members, in this order, each of which leads to its
// blob's bytes: itself, as a link to an earlier one, or (".tar.xz") as a tar of it. Errors name the
// member. `stop`, where given, makes it fail.
[[nodiscard]] Result<void> check_tar(const std::filesystem::path& file,
                                     std::span<const BundleEntry> entries, const BlobStore& blobs,
                                     StopSignal* stop = nullptr);

// A .btfs file, stored or compressed, must have just the kernels of these entries that it can hold,
// each with its blob's bytes. Errors name the kernel.
[[nodiscard]] Result<void> check_btfs(const std::filesystem::path& file,
                                      std::span<const BundleEntry> entries, const BlobStore& blobs);

}  // namespace btfbatch
