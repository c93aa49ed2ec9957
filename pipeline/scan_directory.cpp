// Walking a directory tree in which folders are links to each other.
//
// A folder may be reached by many paths, and by endless ones where a link leads to a folder above
// itself. Every file and folder is known by its device and inode, and has as its path the first one
// under which it was met. Real folders go first, so that a link never takes the name from what it
// leads to: the walk collects the links it meets, and they are looked at, in the order of their
// paths, when all real folders have been seen. A link then leads to something known, which makes it
// an alias, or elsewhere, and is walked as if it were real (it may bring further links).
#include "pipeline/scan_directory.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include "pipeline/admission.h"
#include "pipeline/file.h"

namespace btfbatch {
namespace {

// What the walk knows of a kernel's file.
struct FoundKernel {
  std::string path;  // in the archive
  std::filesystem::path file;
  std::uint64_t size = 0;  // bytes
  std::optional<Error> failure;
};

bool is_kernel(const std::filesystem::path& file) {
  switch (judge_name(file.filename().string())) {
    case NameSays::kKernel:
      return true;
    case NameSays::kNotKernel:
      return false;
    case NameSays::kNothing:
      break;
  }
  return begins_like_btf(file).value_or(false);
}

class Walk {
 public:
  explicit Walk(std::filesystem::path root, StopSignal* stop)
      : root_(std::move(root)), stop_(stop) {}

  // Fails where the root itself cannot be read.
  Result<void> run() {
    if (std::optional<Error> failure = visit_folder("")) {
      return std::unexpected(*std::move(failure));
    }
    while (!links_.empty()) {
      // The links of one round; those that it finds are the next round's.
      for (const std::string& link : std::exchange(links_, {})) {
        if (!is_stopped()) {
          visit_link(link);
        }
      }
    }
    std::ranges::sort(kernels, {}, &FoundKernel::path);
    std::ranges::sort(aliases, {}, &Alias::path);
    std::ranges::sort(ignored);
    return {};
  }

  std::vector<FoundKernel> kernels;
  std::vector<Alias> aliases;
  std::vector<std::string> ignored;

 private:
  using Identity = std::pair<dev_t, ino_t>;

  static Identity identity_of(const struct stat& status) { return {status.st_dev, status.st_ino}; }

  // What was found so far is of no use then.
  [[nodiscard]] bool is_stopped() const { return stop_ != nullptr && stop_->stopped(); }

  std::filesystem::path on_disk(const std::string& path) const { return root_ / path; }

  // Visits a folder that was not met before. Returns why it could not be read.
  std::optional<Error> visit_folder(const std::string& path) {
    struct stat status{};
    if (stat(on_disk(path).c_str(), &status) != 0) {
      return Error{fmt::format("cannot be examined: {}", errno_text(errno))};
    }
    if (!folders_.emplace(identity_of(status), path).second) {
      return std::nullopt;  // the same folder, mounted twice
    }
    std::error_code error;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator it(on_disk(path), error), end; !error && it != end;
         it.increment(error)) {
      if (is_stopped()) {
        return std::nullopt;
      }
      names.push_back(it->path().filename().string());
    }
    if (error) {
      return Error{fmt::format("this folder cannot be read: {}", error.message())};
    }
    std::ranges::sort(names);
    for (const std::string& name : names) {
      if (is_stopped()) {
        break;
      }
      if (!name.starts_with('.')) {
        visit(path.empty() ? name : path + "/" + name);
      }
    }
    return std::nullopt;
  }

  void visit(const std::string& path) {
    struct stat status{};
    if (lstat(on_disk(path).c_str(), &status) != 0) {
      add_failure(path, Error{fmt::format("cannot be examined: {}", errno_text(errno))});
    } else if (S_ISLNK(status.st_mode)) {
      links_.insert(path);
    } else {
      visit_target(path, status);
    }
  }

  // Visits what `path` is, or leads to.
  void visit_target(const std::string& path, const struct stat& status) {
    if (S_ISDIR(status.st_mode)) {
      if (std::optional<Error> failure = visit_folder(path)) {
        add_failure(path, *std::move(failure));
      }
    } else if (!S_ISREG(status.st_mode)) {
      // Never opened: a FIFO would wait for ever.
      if (judge_name(on_disk(path).filename().string()) == NameSays::kKernel) {
        add_failure(path, Error{"is not a regular file"});
      } else {
        ignored.push_back(path);
      }
    } else if (is_kernel(on_disk(path))) {
      files_.emplace(identity_of(status), path);
      add_kernel(path, static_cast<std::uint64_t>(status.st_size));
    } else {
      ignored.push_back(path);
    }
  }

  void visit_link(const std::string& path) {
    struct stat status{};
    if (stat(on_disk(path).c_str(), &status) != 0) {
      if (judge_name(on_disk(path).filename().string()) == NameSays::kKernel) {
        add_failure(path, Error{fmt::format("a symbolic link that leads to no file: {}",
                                            errno_text(errno))});
      } else {
        ignored.push_back(path);
      }
      return;
    }
    const bool is_directory = S_ISDIR(status.st_mode);
    const auto& known = is_directory ? folders_ : files_;
    const auto target = known.find(identity_of(status));
    if (target == known.end()) {
      visit_target(path, status);
    } else if ((is_directory && is_within(path, target->second)) || check_output_path(path)) {
      ignored.push_back(path);
    } else {
      aliases.push_back({.path = path, .target = target->second, .is_directory = is_directory});
    }
  }

  static bool is_within(const std::string& path, const std::string& folder) {
    return folder.empty() || path.starts_with(folder + "/");
  }

  void add_kernel(const std::string& path, std::uint64_t size) {
    FoundKernel kernel{.path = path, .file = on_disk(path), .size = size, .failure = {}};
    if (size == 0) {
      kernel.failure = Error{"empty: the file has no bytes"};
    }
    kernels.push_back(std::move(kernel));
  }

  void add_failure(const std::string& path, Error failure) {
    kernels.push_back(
        {.path = path, .file = on_disk(path), .size = 0, .failure = std::move(failure)});
  }

  std::filesystem::path root_;
  StopSignal* stop_;
  std::map<Identity, std::string> folders_;
  std::map<Identity, std::string> files_;  // kernels alone
  std::set<std::string> links_;
};

class DirectoryArchive : public Archive {
 public:
  DirectoryArchive(std::vector<FoundKernel> kernels, Findings found, ScanOptions options)
      : found_(std::move(found)) {
    Admission admission(std::move(options.filter), options.clashes);
    for (FoundKernel& kernel : kernels) {
      std::optional<Entry> entry =
          admission.admit(std::move(kernel.path), std::move(kernel.failure));
      if (!entry) {
        continue;
      }
      entry->compressed_size = kernel.size;
      entry->file = std::move(kernel.file);
      entries_.push_back(*std::move(entry));
    }
    found_.filtered_out = admission.filtered_out();
  }

  std::size_t entry_count() const override { return entries_.size(); }

  std::optional<Entry> next() override {
    if (next_ == entries_.size()) {
      return std::nullopt;
    }
    return std::move(entries_[next_++]);
  }

  Findings findings() override { return std::move(found_); }

 private:
  std::vector<Entry> entries_;
  std::size_t next_ = 0;
  Findings found_;
};

}  // namespace

Result<std::unique_ptr<Archive>> open_directory_archive(const std::filesystem::path& folder,
                                                        ScanOptions options) {
  Walk walk(folder, options.stop);
  if (Result<void> walked = walk.run(); !walked) {
    return std::unexpected(std::move(walked).error());
  }
  Findings found{
      .aliases = std::move(walk.aliases), .ignored = std::move(walk.ignored), .filtered_out = 0};
  return std::make_unique<DirectoryArchive>(std::move(walk.kernels), std::move(found),
                                            std::move(options));
}

std::unique_ptr<Archive> open_single_kernel(const std::filesystem::path& file,
                                            ScanOptions options) {
  FoundKernel kernel{.path = file.filename().string(), .file = file, .size = 0, .failure = {}};
  std::error_code error;
  kernel.size = std::filesystem::file_size(file, error);
  if (error) {
    kernel.size = 0;
    kernel.failure = Error{fmt::format("cannot be examined: {}", error.message())};
  }
  std::vector<FoundKernel> kernels;
  kernels.push_back(std::move(kernel));
  return std::make_unique<DirectoryArchive>(std::move(kernels), Findings{}, std::move(options));
}

}  // namespace btfbatch
