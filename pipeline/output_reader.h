// What lies in an output folder, seen as whoever ships it sees it. Reads only.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "pipeline/file.h"
#include "pipeline/index.h"
#include "pipeline/manifest.h"
#include "pipeline/run.h"

namespace btfbatch {

// An output folder, kept from being written by a run until the end of its life. Immutable once
// opened; may be shared between threads.
class OutputReader {
 public:
  // Fails where the folder is missing or cannot be read (kUsage), and where a run is just writing
  // into it (kOutput).
  [[nodiscard]] static std::expected<OutputReader, RunError> open(const std::filesystem::path& out);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

  // btfbatch.json; where it is missing or cannot be understood, why.
  [[nodiscard]] const Result<Manifest>& manifest() const { return manifest_; }

  // index.json; where it is missing or cannot be understood, why. Nothing where the layout has
  // none: a file of that name is somebody else's then. Without a manifest, the file alone tells.
  [[nodiscard]] const std::optional<Result<Index>>& index() const { return index_; }

  // Whether a run into the folder did not come to its end.
  [[nodiscard]] bool was_interrupted() const;

  // The bytes for a kernel, by its path (in the layout "indexed", the one that index.json has for
  // it). Nothing where there are none; an error, without the path, where they cannot be read.
  [[nodiscard]] Result<std::optional<std::string>> read(std::string_view output_path) const;

  // The path of the file that read() reads, relative to the root; empty where there is none.
  [[nodiscard]] std::string file_of(std::string_view output_path) const;

  // All files and links in the folder whose names end in ".btf", relative to it and sorted. Hidden
  // folders are passed over, links to folders not followed.
  [[nodiscard]] std::vector<std::string> btf_files() const;

 private:
  OutputReader() = default;

  std::filesystem::path root_;
  UniqueFd lock_;
  Result<Manifest> manifest_ = fail("not read");
  std::optional<Result<Index>> index_;
  std::map<std::string, std::string, std::less<>> indexed_;  // the index's blobs by path
};

}  // namespace btfbatch
