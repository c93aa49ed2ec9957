// Replacing one tree by another while somebody may be reading it, or pull the plug.
//
// No file system replaces a tree at once, but rename(2) replaces one path at once. So everything is
// made ready in staging first, and from then on only renames happen. Their order is what is left to
// think about, since with symbolic links one path can show what another holds: if A holds a file,
// and B is a link to it, then a new A would show at B too, which may want something else. Hence:
//
//   1. every old link to a folder that is not to stay goes, and then every old link to a file:
//   those
//      that vanish are removed, the others are replaced by what stands alone, a file or a folder of
//      files with the new content. From here on no path shows what another one holds, but for links
//      that stay, which are to show it;
//   2. where a folder must go and a file is, the folder is built in staging, filled, and exchanged
//      with what is there (RENAME_EXCHANGE); so it is where a folder must become a link, with a
//      folder of files that shows what the link will;
//   3. the files get their new content;
//   4. the links are made, those to folders last: all that they lead to is new by now;
//   5. the index, then what has vanished is removed, and the manifest comes last.
//
// What lies at its path already, link or file, is left alone; where all of it does, nothing is
// written at all, the manifest included.
//
// At each moment each path shows its old or its new content. A crash leaves some of both, an old
// manifest, and the journal; the next run finds in these two all that may be ours, and does all of
// it again.
#include "pipeline/place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <map>
#include <ranges>
#include <utility>
#include <vector>

#include "pipeline/files_in_place.h"
#include "pipeline/staging.h"
#include "pipeline/survey.h"

namespace btfbatch {
namespace {

class Placement {
 public:
  Placement(OutputFolder& folder, const OutputPlan& plan, const BlobStore& blobs, Layout layout,
            const Documents& documents, StopSignal* stop)
      : folder_(folder),
        plan_(plan),
        in_place_(blobs, layout),
        staging_(folder, plan, blobs, layout, in_place_),
        documents_(documents),
        stop_(stop) {}

  Result<void> run() {
    Result<void> done = go_through({
        &Placement::look_around,  // nothing is changed where something is in the way
        &Placement::make_ready,   // all that takes space is written now
    });
    if (!done || is_whole()) {
      return done;
    }
    return go_through({
        &Placement::announce,          // past here a crash leaves something to complete
        &Placement::make_folders,      // the last that takes space
        &Placement::end_folder_links,  // 1
        &Placement::end_file_links,    // 1
        &Placement::replace_folders,   // 2
        &Placement::replace_files,     // 3
        &Placement::make_links,        // 4
        &Placement::place_index,       // 5
        &Placement::remove_vanished,
        &Placement::place_manifest,
    });
  }

 private:
  using Phase = Result<void> (Placement::*)();

  // Stops at the first phase that fails.
  Result<void> go_through(std::initializer_list<Phase> phases) {
    for (const Phase phase : phases) {
      if (Result<void> done = (this->*phase)(); !done) {
        return done;
      }
    }
    return {};
  }

  // Whether all that is planned lies there already, and nothing else of ours. A run that was killed
  // may have left empty folders.
  [[nodiscard]] bool is_whole() const {
    return staging_.is_empty() && !folder_.was_interrupted() &&
           std::ranges::none_of(folder_.ours(), [&](const std::string& path) {
             return is_vanished(path) && look_at_own(path) != Found::kNothing;
           });
  }

  [[nodiscard]] std::filesystem::path at(std::string_view path) const {
    return folder_.root() / path;
  }

  Result<void> look_around() {
    Result<Survey> survey = survey_output(folder_, plan_, in_place_);
    if (!survey) {
      return std::unexpected(std::move(survey).error());
    }
    steps_ = std::move(survey->steps);
    in_the_way_ = std::move(survey->in_the_way);
    for (const std::string_view document : {kManifestName, kIndexName}) {
      const bool is_needed = document == kManifestName || documents_.index;
      if (is_needed && look_at(at(document)) == Found::kFolder) {
        return fail(fmt::format("{} is a folder: it is in the way", at(document).string()));
      }
    }
    return {};
  }

  Result<void> make_ready() {
    if (Result<void> staged = staging_.stage(steps_, stop_); !staged) {
      return staged;
    }
    if (documents_.index) {
      if (Result<void> staged = stage_document(*documents_.index, kIndexName, index_); !staged) {
        return staged;
      }
    }
    return stage_document(documents_.manifest, kManifestName, manifest_);
  }

  Result<void> stage_document(const std::string& text, std::string_view name,
                              std::filesystem::path& staged) {
    Result<std::filesystem::path> path = staging_.stage_document(text, name);
    if (!path) {
      return std::unexpected(std::move(path).error());
    }
    staged = *std::move(path);
    return {};
  }

  Result<void> announce() {
    PathSet paths = staging_.stand_ins();
    for (const auto& [path, planned] : plan_) {
      paths.insert(path);
    }
    paths.insert(std::string(kManifestName));
    if (documents_.index) {
      paths.insert(std::string(kIndexName));
    }
    return folder_.write_journal(paths);
  }

  // Where one cannot be made, all is as it was before.
  Result<void> make_folders() {
    std::vector<std::filesystem::path> made;
    for (const Step& step : steps_) {
      // A folder in the place of an obstacle comes out of staging.
      if (step.stays || step.found != Found::kNothing || step.is_behind_obstacle) {
        continue;
      }
      for (const std::string& folder : folders_above(*step.path)) {
        if (!known_folders_.insert(folder).second) {
          continue;
        }
        std::error_code error;
        if (std::filesystem::create_directory(at(folder), error)) {
          made.push_back(at(folder));
        }
        if (error) {
          for (const std::filesystem::path& empty : std::views::reverse(made)) {
            rmdir(empty.c_str());
          }
          folder_.withdraw_journal();
          return fail(fmt::format("cannot create {}: {}", at(folder).string(), error.message()));
        }
      }
    }
    return {};
  }

  Result<void> end_folder_links() { return end_links(true); }
  Result<void> end_file_links() { return end_links(false); }

  Result<void> end_links(bool shows_folder) {
    if (Result<void> made = make_way(shows_folder); !made) {
      return made;
    }
    // In the layout "indexed" they may stay until there is an index to find the kernels by.
    if (!documents_.index) {
      if (Result<void> removed = remove_vanished_links(shows_folder); !removed) {
        return removed;
      }
    }
    return place_each(&Step::file, [=](const Step& step) {
      return step.found == Found::kLink && step.shows_folder == shows_folder;
    });
  }

  // Puts folders where links to folders are, or else where links to files, or files, are.
  Result<void> make_way(bool shows_folder) {
    for (const auto& [path, obstacle] : in_the_way_) {
      if (obstacle.shows_folder != shows_folder) {
        continue;
      }
      const std::filesystem::path tree = staging_.new_path();
      for (const std::size_t index : obstacle.steps) {
        Step& step = steps_[index];
        const std::filesystem::path inner =
            tree / std::filesystem::path(*step.path).lexically_relative(path);
        std::error_code error;
        std::filesystem::create_directories(inner.parent_path(), error);
        if (!error) {
          std::filesystem::rename(step.file, inner, error);
        }
        if (error) {
          return cannot_place(at(*step.path), error);
        }
        step.file.clear();
        step.found = step.planned->blob ? Found::kFile : Found::kFolder;
      }
      if (Result<void> moved = exchange(tree, at(path)); !moved) {
        return moved;
      }
    }
    return {};
  }

  Result<void> replace_folders() {
    return place_each(&Step::file, [](const Step& step) { return step.found == Found::kFolder; });
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
  Result<void> place_each(std::filesystem::path Step::*staged, Choice is_chosen) {
    for (Step& step : steps_) {
      std::filesystem::path& source = step.*staged;
      if (source.empty() || !is_chosen(step)) {
        continue;
      }
      const std::filesystem::path target = at(*step.path);
      std::error_code error;
      const Found placed = look_at(source);
      if (step.found == Found::kFolder || placed == Found::kFolder) {
        if (Result<void> moved = exchange(source, target); !moved) {
          return moved;
        }
      } else {
        std::filesystem::rename(source, target, error);
        if (error) {
          return cannot_place(target, error);
        }
      }
      step.found = placed;
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
      return cannot_place(target, std::error_code(errno, std::generic_category()));
    }
    // A file system that cannot: for a moment nothing is at the path.
    const std::filesystem::path aside = staged.string() + ".old";
    std::error_code error;
    std::filesystem::rename(target, aside, error);
    if (!error) {
      std::filesystem::rename(staged, target, error);
    }
    if (error) {
      return cannot_place(target, error);
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
    if (staged.empty()) {
      return {};
    }
    std::error_code error;
    std::filesystem::rename(staged, at(name), error);
    if (error) {
      return cannot_place(at(name), error);
    }
    return {};
  }

  // Whether a path of ours is to be nothing, or a folder, from now on.
  [[nodiscard]] bool is_vanished(const std::string& path) const {
    return !plan_.contains(path) && path != kManifestName &&
           (path != kIndexName || !documents_.index);
  }

  // What lies at a path of ours itself. A folder above it that is a link leads to other paths.
  Found look_at_own(const std::string& path) const {
    const std::vector<std::string> above = folders_above(path);
    const bool is_really_there = std::ranges::all_of(
        above, [&](const std::string& folder) { return look_at(at(folder)) == Found::kFolder; });
    return is_really_there ? look_at(at(path)) : Found::kNothing;
  }

  Result<void> remove_vanished_links(bool leading_to_folders) {
    for (const std::string& path : folder_.ours()) {
      // What lies in a folder that becomes a link goes with it, as the link may show the path too.
      const auto becomes_link = [&](const std::string& folder) {
        const auto planned = plan_.find(folder);
        return planned != plan_.end() && !planned->second.blob;
      };
      if (!is_vanished(path) || look_at_own(path) != Found::kLink ||
          shows_folder(at(path)) != leading_to_folders ||
          std::ranges::any_of(folders_above(path), becomes_link)) {
        continue;
      }
      if (Result<void> removed = remove_path(path); !removed) {
        return removed;
      }
    }
    return {};
  }

  Result<void> remove_vanished() {
    std::set<std::string, std::greater<>> emptied;  // the deepest first
    // The index before what it leads to.
    for (const bool is_index : {true, false}) {
      for (const std::string& path : folder_.ours()) {
        if ((path == kIndexName) != is_index || !is_vanished(path)) {
          continue;
        }
        // Also where nothing is left: a run that was killed may have removed it.
        const std::vector<std::string> above = folders_above(path);
        emptied.insert(above.begin(), above.end());
        const Found found = look_at_own(path);
        if (found != Found::kFile && found != Found::kLink) {
          continue;
        }
        if (Result<void> removed = remove_path(path); !removed) {
          return removed;
        }
      }
    }
    for (const std::string& folder : emptied) {
      rmdir(at(folder).c_str());  // fails where something is left in it, as it should
    }
    return {};
  }

  [[nodiscard]] Result<void> remove_path(const std::string& path) const {
    std::error_code error;
    std::filesystem::remove(at(path), error);
    if (error) {
      return fail(fmt::format("cannot remove {}: {}", at(path).string(), error.message()));
    }
    return {};
  }

  OutputFolder& folder_;
  const OutputPlan& plan_;
  FilesInPlace in_place_;
  Staging staging_;
  const Documents& documents_;
  StopSignal* stop_;

  std::vector<Step> steps_;                     // in path order
  std::map<std::string, Obstacle> in_the_way_;  // by path
  std::set<std::string> known_folders_;         // that need not be made any more
  std::filesystem::path index_;
  std::filesystem::path manifest_;
};

}  // namespace

Result<void> place_output(OutputFolder& folder, const OutputPlan& plan, const BlobStore& blobs,
                          Layout layout, const Documents& documents, StopSignal* stop) {
  return Placement(folder, plan, blobs, layout, documents, stop).run();
}

}  // namespace btfbatch
