// Bundles: the whole result in one file, and that file in forms to be linked into a program.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "core/content_id.h"
#include "core/error.h"
#include "pipeline/blob_store.h"
#include "pipeline/bundle/entries.h"
#include "pipeline/bundle/options.h"
#include "pipeline/staged_file.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {

class BlobReader;

// All files that `options` ask for, under temporary names beside their final ones, with their bytes
// on the disk. `options` have been checked. Where any cannot be made, none is left.
class StagedBundles {
 public:
  // `entries` in the order of their paths. `fingerprint` is that of the object set. Kernels that a
  // .btfs cannot hold are left out of it, with a warning for each. `stop`, where given, is asked
  // often: it makes this fail.
  [[nodiscard]] static Result<StagedBundles> make(const BundleOptions& options,
                                                  std::span<const BundleEntry> entries,
                                                  const BlobStore& blobs, ContentId fingerprint,
                                                  StopSignal* stop = nullptr);

  // Reads each file as a reader of it would, before it replaces another, and compares it with the
  // contents it was made of, by the same `options`, `entries` and `blobs`. Errors name the file.
  [[nodiscard]] Result<void> read_back(const BundleOptions& options,
                                       std::span<const BundleEntry> entries, const BlobStore& blobs,
                                       StopSignal* stop = nullptr) const;

  // Gives them their final names, each in one step.
  [[nodiscard]] Result<void> place();

  [[nodiscard]] const std::vector<BundleSummary>& summaries() const { return summaries_; }

 private:
  using Fill = std::function<Result<void>(StagedFile&)>;

  [[nodiscard]] Result<void> add(const std::filesystem::path& path, const Fill& fill);
  [[nodiscard]] Result<void> add_bundles(const BundleOptions& options,
                                         std::span<const BundleEntry> entries,
                                         const BlobReader& blobs, std::span<const std::byte> btfs);
  [[nodiscard]] Result<void> add_embedding(const BundleOptions& options,
                                           std::span<const std::byte> btfs);
  [[nodiscard]] Result<void> add_embedding_file(const std::filesystem::path& path,
                                                std::span<const std::byte> bytes);

  std::vector<StagedFile> files_;  // bundles as in the options, then what is for embedding
  std::vector<ContentId> embedding_ids_;
  std::vector<BundleSummary> summaries_;
};

}  // namespace btfbatch
