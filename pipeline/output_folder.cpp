#include "pipeline/output_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <ranges>

#include "pipeline/admission.h"
#include "pipeline/output_plan.h"

namespace btfbatch {
namespace {

std::unexpected<RunError> refuse(RunError::Kind kind, std::string message) {
  return std::unexpected(RunError{.kind = kind, .error = {std::move(message)}});
}

// All paths that the run which wrote `manifest` made.
PathSet paths_made_by(const Manifest& manifest) {
  PathSet paths;
  const OutputPlan plan =
      plan_output(manifest.layout, manifest.written_kernels(), manifest.run.aliases);
  for (const auto& [path, planned] : plan) {
    paths.insert(path);
  }
  if (manifest.layout == Layout::kIndexed) {
    paths.insert(std::string(kIndexName));
  }
  paths.insert(std::string(kManifestName));
  return paths;
}

}  // namespace

std::expected<OutputFolder, RunError> OutputFolder::open(const std::filesystem::path& out,
                                                         const std::filesystem::path& archive) {
  std::error_code error;
  OutputFolder folder;
  const std::filesystem::path root =
      out.empty() ? std::filesystem::path() : resolve_place(out, error);
  if (error || root.empty()) {
    return refuse(RunError::Kind::kUsage,
                  fmt::format("--out {}: {}", out.string(),
                              error ? error.message() : std::string("is an empty path")));
  }
  const std::filesystem::path source = resolve_place(archive, error);
  if (is_within(root, source)) {
    return refuse(RunError::Kind::kUsage,
                  fmt::format("--out {} lies inside of the archive {}: the next run would take its "
                              "own output for kernels",
                              out.string(), archive.string()));
  }
  if (is_within(source, root)) {
    return refuse(RunError::Kind::kUsage, fmt::format("the archive {} lies inside of --out {}",
                                                      archive.string(), out.string()));
  }
  if (std::filesystem::exists(root, error) && !std::filesystem::is_directory(root, error)) {
    return refuse(RunError::Kind::kUsage,
                  fmt::format("--out {} is a file, not a folder", out.string()));
  }
  Result<void> ready = folder.make_folder(root);
  if (ready) {
    ready = folder.lock();
  }
  if (ready) {
    ready = folder.prepare_staging();
  }
  if (!ready) {
    return refuse(RunError::Kind::kOutput,
                  fmt::format("--out {}: {}", out.string(), ready.error().message));
  }
  return folder;
}

Result<void> OutputFolder::make_folder(const std::filesystem::path& out) {
  std::filesystem::path made;
  for (const std::filesystem::path& part : out) {
    made /= part;
    if (mkdir(made.c_str(), 0755) == 0) {
      made_.push_back(made);
      continue;
    }
    const int reason = errno;
    if (reason != EEXIST && reason != EISDIR && access(made.c_str(), F_OK) != 0) {
      return fail(fmt::format("cannot create {}: {}", made.string(), errno_text(reason)));
    }
  }
  root_ = out;
  return {};
}

Result<void> OutputFolder::lock() {
  // On the folder itself: a lock file would have to be removed, which cannot be done safely.
  lock_ = UniqueFd(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock_.get() < 0) {
    return fail(fmt::format("cannot be opened: {}", errno_text(errno)));
  }
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return fail("another btfbatch is just using it");
    }
    spdlog::warn("{}: cannot be locked against other runs: {}", root_.string(), errno_text(errno));
  }
  if (!holds_folder()) {
    return fail("has just been removed or replaced; run it again");
  }
  return {};
}

// Another folder at our path may be another run's, which holds a lock of its own.
bool OutputFolder::holds_folder() const {
  struct stat locked{};
  struct stat named{};
  return fstat(lock_.get(), &locked) == 0 && stat(root_.c_str(), &named) == 0 &&
         locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

Result<void> OutputFolder::prepare_staging() {
  const std::filesystem::path staging = root_ / kStagingName;
  if (mkdir(staging.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail(fmt::format("cannot be written: {}", errno_text(errno)));
  }
  // What a link leads to would be somebody else's.
  if (struct stat status{}; lstat(staging.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
    return fail(fmt::format("{} is in the way: it is not the folder that a run makes for itself",
                            staging.string()));
  }
  // From here on what lies in staging is ours to remove.
  staging_ = staging;
  read_previous();
  std::error_code error;
  for (const std::filesystem::path& sub : {blob_folder(), placing_folder()}) {
    std::filesystem::remove_all(sub, error);
    if (error) {
      return fail(fmt::format("cannot remove {}: {}", sub.string(), error.message()));
    }
    if (mkdir(sub.c_str(), 0755) != 0) {
      return fail(fmt::format("cannot create {}: {}", sub.string(), errno_text(errno)));
    }
  }
  return {};
}

void OutputFolder::read_previous() {
  const std::filesystem::path manifest_file = root_ / kManifestName;
  if (access(manifest_file.c_str(), F_OK) == 0) {
    const Result<std::string> text = read_file(manifest_file, kLargestDocument);
    Result<Manifest> manifest = text ? read_manifest(*text) : std::unexpected(text.error());
    if (manifest) {
      ours_ = paths_made_by(*manifest);
      earlier_ = *std::move(manifest);
    } else {
      spdlog::warn("{} cannot be understood, so files of earlier runs may be left behind: {}",
                   manifest_file.string(), manifest.error().message);
    }
  }
  if (access(journal().c_str(), F_OK) == 0) {
    was_interrupted_ = true;
    const Result<std::string> text = read_file(journal(), kLargestDocument);
    const nlohmann::json paths = nlohmann::json::parse(text.value_or(""), nullptr, false);
    if (!paths.is_array()) {
      spdlog::warn("{} cannot be understood, so files of an earlier run may be left behind",
                   journal().string());
      return;
    }
    for (const nlohmann::json& path : paths) {
      if (path.is_string() && !check_output_path(path.get<std::string>())) {
        ours_.insert(path.get<std::string>());
      }
    }
    spdlog::debug("{}: an earlier run was interrupted while it placed its files", root_.string());
  }
}

Result<void> OutputFolder::write_journal(const PathSet& paths) {
  if (!holds_folder()) {
    return fail(fmt::format("{} was removed or replaced during this run", root_.string()));
  }
  is_placing_ = true;
  PathSet all = ours_;
  all.insert(paths.begin(), paths.end());
  const std::string text = nlohmann::json(all).dump();
  const std::filesystem::path fresh = staging_ / "journal.new";
  std::error_code error;
  std::filesystem::remove(fresh, error);
  if (Result<void> written = write_new_file(fresh, bytes_of(text), Sync::kYes); !written) {
    return written;
  }
  std::filesystem::rename(fresh, journal(), error);
  if (error) {
    return fail(fmt::format("cannot create {}: {}", journal().string(), error.message()));
  }
  return sync_path(staging_);
}

void OutputFolder::withdraw_journal() {
  is_placing_ = false;
  // With the paths of an interrupted run in it, it is still needed.
  if (!was_interrupted_) {
    std::error_code error;
    std::filesystem::remove(journal(), error);
  }
}

void OutputFolder::complete() {
  std::error_code error;
  std::filesystem::remove_all(staging_, error);
  if (error) {
    spdlog::warn("{} cannot be removed: {}", staging_.string(), error.message());
  }
  staging_.clear();
  made_.clear();
}

OutputFolder::~OutputFolder() {
  if (lock_.get() >= 0 && !holds_folder()) {
    return;  // nothing of ours is there
  }
  std::error_code error;
  if (!staging_.empty()) {
    std::filesystem::remove_all(blob_folder(), error);
    std::filesystem::remove_all(placing_folder(), error);
    std::filesystem::remove(staging_ / "journal.new", error);
    // Stays where a journal does.
    rmdir(staging_.c_str());
  }
  for (const std::filesystem::path& folder : std::views::reverse(made_)) {
    rmdir(folder.c_str());
  }
}

}  // namespace btfbatch
