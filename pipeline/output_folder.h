// The folder that a run writes into: who holds it, what in it is ours, where new files wait.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "pipeline/file.h"
#include "pipeline/manifest.h"
#include "pipeline/run.h"

namespace btfbatch {

// The hidden folder in it where new files wait.
inline constexpr std::string_view kStagingName = ".btfbatch-staging";
// Of a manifest or an index, in bytes, and far above that of any archive: what is larger is not
// ours.
inline constexpr std::uint64_t kLargestDocument = 1ULL << 30;

// Paths relative to the output folder.
using PathSet = std::set<std::string, std::less<>>;

// An output folder, locked against other runs from open() until the end of its life. Everything new
// is first written to the hidden folder .btfbatch-staging in it, on the same file system.
//
// A run that ends without complete() leaves the folder as it found it, as far as no path has been
// placed: staging is removed, and the folder too where open() made it. A run that is killed leaves
// staging behind, which the next one clears away. From the moment on at which paths are placed, the
// journal in staging lists them, so that the next run knows them for ours.
class OutputFolder {
 public:
  // Makes the folder where it is missing, locks it, and reads what earlier runs left. Fails, having
  // changed nothing, where the folder and the archive lie within each other, where it is a file,
  // cannot be written, or another run or verification holds it.
  [[nodiscard]] static std::expected<OutputFolder, RunError> open(
      const std::filesystem::path& out, const std::filesystem::path& archive);

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

  // Empty folders for the run's own use.
  [[nodiscard]] std::filesystem::path blob_folder() const { return staging_ / "blobs"; }
  [[nodiscard]] std::filesystem::path placing_folder() const { return staging_ / "placing"; }

  // What earlier runs made, as their manifest and journal say. What a manifest of another format
  // version made is not known.
  [[nodiscard]] const PathSet& ours() const { return ours_; }

  // The manifest that lies in the folder; nothing where there is none, or none that is understood.
  [[nodiscard]] const std::optional<Manifest>& earlier_manifest() const { return earlier_; }

  // Whether the last run that changed the folder did not come to its end.
  [[nodiscard]] bool was_interrupted() const { return was_interrupted_; }

  // Notes, so that it outlives a crash, that `paths` are about to be placed and are ours from now
  // on.
  [[nodiscard]] Result<void> write_journal(const PathSet& paths);

  // Whether write_journal() has been called: paths may have been placed.
  [[nodiscard]] bool is_placing() const { return is_placing_; }

  // Takes back what write_journal() noted, for nothing has been placed after all.
  void withdraw_journal();

  // Removes staging, journal and all: the output is whole.
  void complete();

  OutputFolder(OutputFolder&&) = default;
  OutputFolder& operator=(OutputFolder&&) = delete;
  ~OutputFolder();

 private:
  OutputFolder() = default;

  [[nodiscard]] Result<void> make_folder(const std::filesystem::path& out);
  [[nodiscard]] Result<void> lock();
  [[nodiscard]] bool holds_folder() const;
  [[nodiscard]] Result<void> prepare_staging();
  void read_previous();
  [[nodiscard]] std::filesystem::path journal() const { return staging_ / "journal.json"; }

  std::filesystem::path root_;               // canonical; empty once moved from or completed
  std::filesystem::path staging_;            // in root_
  std::vector<std::filesystem::path> made_;  // folders that open() made, outermost first
  UniqueFd lock_;
  PathSet ours_;
  bool was_interrupted_ = false;
  bool is_placing_ = false;
  std::optional<Manifest> earlier_;
};

}  // namespace btfbatch
