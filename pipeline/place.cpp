// Replacing one tree by another while somebody may be reading it, or pull the plug.
//
// No file system replaces a tree at once, but rename(2) replaces one path at once. So everything is
// made ready in staging first, and from then on only renames happen. Their order is what is left to
// think about, since with symbolic links one path can show what another holds: if A holds a file,
// and B is a link to it, then a new A would show at B too, which may want something else. Hence:
//
//   1. where a folder must go and a link or a file is, the folder is built in staging, filled, and
//      exchanged with what is there (RENAME_EXCHANGE);
//   2. every old link that is not to stay becomes a file with its own new content: from here on no
//      path shows what another one holds, but for links that stay, which are to show it;
//   3. the files get their new content;
//   4. the links are made, those to folders last: all that they lead to is new by now;
//   5. the index, then what has vanished is removed, and the manifest comes last.
//
// At each moment each path shows its old or its new content. A crash leaves some of both, an old
// manifest, and the journal; the next run finds in these two all that may be ours, and does all of
// it again.
#include "pipeline/place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <ranges>
#include <utility>
#include <vector>

namespace btfbatch {
namespace {

enum class Found : std::uint8_t { kNothing, kFile, kLink, kFolder };

Found look_at(const std::filesystem::path& path) {
  struct stat status{};
  if (lstat(path.c_str(), &status) != 0) {
    return Found::kNothing;
  }
  return S_ISDIR(status.st_mode)   ? Found::kFolder
         : S_ISLNK(status.st_mode) ? Found::kLink
                                   : Found::kFile;
}

std::unexpected<Error> fail_at(const std::filesystem::path& path, const std::error_code& error) {
  return fail(fmt::format("cannot place {}: {}", path.string(), error.message()));
}

// The folders above a path, outermost first: "a", "a/b" for "a/b/c".
std::vector<std::string> folders_above(std::string_view path) {
  std::vector<std::string> folders;
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    folders.emplace_back(path.substr(0, slash));
  }
  return folders;
}

// One planned path on its way to its place.
struct Step {
  const std::string* path = nullptr;
  const PlannedPath* planned = nullptr;
  Found found = Found::kNothing;  // what lies at the path now
  bool stays = false;             // the very link that is planned
  std::filesystem::path file;     // in staging, until it is placed; empty where none is needed
  std::filesystem::path link;     // the same
};

class Placement {
 public:
  Placement(OutputFolder& folder, const OutputPlan& plan, const BlobStore& blobs, Layout layout,
            const Documents& documents)
      : folder_(folder), plan_(plan), blobs_(blobs), layout_(layout), documents_(documents) {}

  Result<void> run() {
    using Phase = Result<void> (Placement::*)();
    constexpr Phase kPhases[] = {
        &Placement::look_around,          // nothing is changed where something is in the way
        &Placement::make_ready,           // all that takes space is written now
        &Placement::announce,             // past here a crash leaves something to complete
        &Placement::make_way,             // 1
        &Placement::turn_links_to_files,  // 2
        &Placement::replace_files,        // 3
        &Placement::make_links,           // 4
        &Placement::place_index,          // 5
        &Placement::remove_vanished,
        &Placement::place_manifest,
    };
    for (const Phase phase : kPhases) {
      if (Result<void> done = (this->*phase)(); !done) {
        return done;
      }
    }
    return {};
  }

 private:
  [[nodiscard]] std::filesystem::path at(std::string_view path) const {
    return folder_.root() / path;
  }
  [[nodiscard]] std::filesystem::path new_staging_path() {
    return folder_.placing_folder() / std::to_string(staged_++);
  }

  Result<void> look_around() {
    for (const auto& [path, planned] : plan_) {
      Step step{.path = &path, .planned = &planned, .file = {}, .link = {}};
      const Result<std::string> obstacle = find_obstacle(path);
      if (!obstacle) {
        return std::unexpected(obstacle.error());
      }
      if (!obstacle->empty()) {
        in_the_way_[*obstacle].push_back(steps_.size());
      } else {
        step.found = look_at(at(path));
        std::error_code error;
        step.stays = step.found == Found::kLink && !planned.link.empty() &&
                     std::filesystem::read_symlink(at(path), error) == planned.link;
      }
      if (step.found == Found::kFolder) {
        if (Result<void> ours = check_all_ours(path); !ours) {
          return ours;
        }
      }
      steps_.push_back(std::move(step));
    }
    for (const std::string_view document : {kManifestName, kIndexName}) {
      const bool is_needed = document == kManifestName || documents_.index;
      if (is_needed && look_at(at(document)) == Found::kFolder) {
        return fail(fmt::format("{} is a folder: it is in the way", at(document).string()));
      }
    }
    return {};
  }

  // The outermost link or file of ours that lies where the path needs a folder; empty where none.
  Result<std::string> find_obstacle(std::string_view path) {
    for (const std::string& above : folders_above(path)) {
      auto known = folders_.find(above);
      if (known == folders_.end()) {
        known = folders_.emplace(above, look_at(at(above))).first;
      }
      if (known->second == Found::kNothing) {
        break;
      }
      if (known->second != Found::kFolder) {
        if (!folder_.ours().contains(above)) {
          return fail(fmt::format(
              "{} is in the way: a folder must go there, and it is a {} that no "
              "earlier run made",
              at(above).string(), known->second == Found::kLink ? "symbolic link" : "file"));
        }
        return above;
      }
    }
    return std::string();
  }

  // Whether a folder that must give way holds nothing but our own files.
  Result<void> check_all_ours(const std::string& path) const {
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator it(at(path), error), end;
         !error && it != end; it.increment(error)) {
      const std::string inner = it->path().lexically_relative(folder_.root()).string();
      if (it->symlink_status(error).type() != std::filesystem::file_type::directory &&
          !folder_.ours().contains(inner)) {
        return fail(
            fmt::format("{} is in the way: a file must go there, and it is a folder with "
                        "{}, which no earlier run made",
                        at(path).string(), inner));
      }
    }
    if (error) {
      return fail_at(at(path), error);
    }
    return {};
  }

  Result<void> make_ready() {
    for (std::size_t blob = 0; blob < blobs_.size(); ++blob) {
      if (Result<void> synced = sync_path(blobs_.file(blob)); !synced) {
        return synced;
      }
    }
    std::vector<bool> is_used(blobs_.size());
    for (Step& step : steps_) {
      if (step.stays) {
        continue;
      }
      const bool shows_through_link =
          step.found == Found::kLink || !find_obstacle(*step.path)->empty();
      if (step.planned->blob && (step.planned->link.empty() || shows_through_link)) {
        step.file = new_staging_path();
        if (Result<void> staged = stage_file(*step.planned->blob, step.file, is_used); !staged) {
          return staged;
        }
      }
      if (!step.planned->link.empty()) {
        step.link = new_staging_path();
        std::error_code error;
        std::filesystem::create_symlink(step.planned->link, step.link, error);
        if (error) {
          return fail_at(at(*step.path), error);
        }
      }
    }
    if (documents_.index) {
      index_ = new_staging_path();
      if (Result<void> written = write_new_file(index_, bytes_of(*documents_.index), Sync::kYes);
          !written) {
        return written;
      }
    }
    manifest_ = new_staging_path();
    return write_new_file(manifest_, bytes_of(documents_.manifest), Sync::kYes);
  }

  // Makes `file` hold the blob's bytes.
  Result<void> stage_file(std::size_t blob, const std::filesystem::path& file,
                          std::vector<bool>& is_used) const {
    std::error_code error;
    const bool may_share = layout_ != Layout::kCopy || !is_used[blob];
    is_used[blob] = true;
    if (may_share) {
      std::filesystem::create_hard_link(blobs_.file(blob), file, error);
      if (!error) {
        return {};
      }
      // A file system without hard links, or too many links: a copy serves as well.
    }
    error.clear();
    std::filesystem::copy_file(blobs_.file(blob), file, error);
    if (error) {
      return fail_at(file, error);
    }
    return sync_path(file);
  }

  Result<void> announce() {
    PathSet paths;
    for (const auto& [path, planned] : plan_) {
      paths.insert(path);
    }
    paths.insert(std::string(kManifestName));
    if (documents_.index) {
      paths.insert(std::string(kIndexName));
    }
    return folder_.write_journal(paths);
  }

  Result<void> make_way() {
    for (const auto& [obstacle, steps] : in_the_way_) {
      const std::filesystem::path tree = new_staging_path();
      for (const std::size_t index : steps) {
        Step& step = steps_[index];
        // Links to kernels follow later; those to folders have no file to stand in for them.
        std::filesystem::path& staged = step.planned->blob ? step.file : step.link;
        const std::filesystem::path inner =
            tree / std::filesystem::path(*step.path).lexically_relative(obstacle);
        std::error_code error;
        std::filesystem::create_directories(inner.parent_path(), error);
        if (!error) {
          std::filesystem::rename(staged, inner, error);
        }
        if (error) {
          return fail_at(at(*step.path), error);
        }
        staged.clear();
      }
      if (Result<void> moved = exchange(tree, at(obstacle)); !moved) {
        return moved;
      }
    }
    return {};
  }

  Result<void> turn_links_to_files() {
    return place_each(&Step::file, [](const Step& step) { return step.found == Found::kLink; });
  }

  Result<void> replace_files() {
    return place_each(&Step::file, [](const Step&) { return true; });
  }

  Result<void> make_links() {
    const auto to_kernel = [](const Step& step) { return step.planned->blob.has_value(); };
    if (Result<void> made = place_each(&Step::link, to_kernel); !made) {
      return made;
    }
    return place_each(&Step::link, [](const Step&) { return true; });
  }

  // Moves what is staged for the steps that are chosen to its place.
  template <class Choice>
  Result<void> place_each(std::filesystem::path Step::* staged, Choice is_chosen) {
    for (Step& step : steps_) {
      std::filesystem::path& source = step.*staged;
      if (source.empty() || !is_chosen(step)) {
        continue;
      }
      const std::filesystem::path target = at(*step.path);
      std::error_code error;
      if (made_folders_.insert(target.parent_path().string()).second) {
        std::filesystem::create_directories(target.parent_path(), error);
        if (error) {
          return fail_at(target, error);
        }
      }
      if (step.found == Found::kFolder) {
        if (Result<void> moved = exchange(source, target); !moved) {
          return moved;
        }
        step.found = Found::kFile;
      } else {
        std::filesystem::rename(source, target, error);
        if (error) {
          return fail_at(target, error);
        }
      }
      source.clear();
    }
    return {};
  }

  // Puts `staged` in the place of `target`, at once; what was there is in staging then. One of them
  // is a folder.
  static Result<void> exchange(const std::filesystem::path& staged,
                               const std::filesystem::path& target) {
    if (renameat2(AT_FDCWD, staged.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) {
      return {};
    }
    if (errno != EINVAL && errno != ENOSYS) {
      return fail_at(target, std::error_code(errno, std::generic_category()));
    }
    // A file system that cannot: for a moment nothing is at the path.
    const std::filesystem::path aside = staged.string() + ".old";
    std::error_code error;
    std::filesystem::rename(target, aside, error);
    if (!error) {
      std::filesystem::rename(staged, target, error);
    }
    if (error) {
      return fail_at(target, error);
    }
    return {};
  }

  Result<void> place_index() {
    return documents_.index ? place_document(index_, kIndexName) : Result<void>();
  }

  Result<void> place_manifest() {
    if (Result<void> placed = place_document(manifest_, kManifestName); !placed) {
      return placed;
    }
    return sync_path(folder_.root());
  }

  Result<void> place_document(const std::filesystem::path& staged, std::string_view name) const {
    std::error_code error;
    std::filesystem::rename(staged, at(name), error);
    if (error) {
      return fail_at(at(name), error);
    }
    return {};
  }

  Result<void> remove_vanished() {
    std::map<std::string, Found, std::less<>> above_now;
    std::set<std::string, std::greater<>> emptied;  // the deepest first
    for (const std::string& path : folder_.ours()) {
      if (plan_.contains(path) || path == kManifestName ||
          (path == kIndexName && documents_.index)) {
        continue;
      }
      const std::vector<std::string> above = folders_above(path);
      // A folder that is a link now leads to files that are not vanished.
      const bool is_really_there = std::ranges::all_of(above, [&](const std::string& folder) {
        return above_now.try_emplace(folder, look_at(at(folder))).first->second == Found::kFolder;
      });
      const Found found = is_really_there ? look_at(at(path)) : Found::kNothing;
      if (found != Found::kFile && found != Found::kLink) {
        continue;
      }
      std::error_code error;
      std::filesystem::remove(at(path), error);
      if (error) {
        return fail(fmt::format("cannot remove {}: {}", at(path).string(), error.message()));
      }
      emptied.insert(above.begin(), above.end());
    }
    for (const std::string& folder : emptied) {
      rmdir(at(folder).c_str());  // fails where something is left in it, as it should
    }
    return {};
  }

  OutputFolder& folder_;
  const OutputPlan& plan_;
  const BlobStore& blobs_;
  Layout layout_;
  const Documents& documents_;

  std::size_t staged_ = 0;
  std::vector<Step> steps_;                                     // in path order
  std::map<std::string, Found, std::less<>> folders_;           // as they were at the beginning
  std::map<std::string, std::vector<std::size_t>> in_the_way_;  // obstacle → steps behind it
  std::set<std::string> made_folders_;
  std::filesystem::path index_;
  std::filesystem::path manifest_;
};

}  // namespace

Result<void> place_output(OutputFolder& folder, const OutputPlan& plan, const BlobStore& blobs,
                          Layout layout, const Documents& documents) {
  return Placement(folder, plan, blobs, layout, documents).run();
}

}  // namespace btfbatch
