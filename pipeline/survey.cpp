#include "pipeline/survey.h"

#include <fmt/format.h>
#include <sys/stat.h>

namespace btfbatch {
namespace {

class Surveyor {
 public:
  Surveyor(const OutputFolder& folder, const OutputPlan& plan, FilesInPlace& in_place)
      : folder_(folder), plan_(plan), in_place_(in_place) {}

  Result<Survey> run() && {
    for (const auto& [path, planned] : plan_) {
      Step step{.path = &path, .planned = &planned, .file = {}, .link = {}};
      const Result<std::string> obstacle = find_obstacle(path);
      if (!obstacle) {
        return std::unexpected(obstacle.error());
      }
      if (!obstacle->empty()) {
        Obstacle& in_the_way = survey_.in_the_way[*obstacle];
        in_the_way.shows_folder = shows_folder(at(*obstacle));
        in_the_way.steps.push_back(survey_.steps.size());
        step.is_behind_obstacle = true;
      } else {
        step.found = look_at(at(path));
        step.shows_folder = step.found == Found::kLink && shows_folder(at(path));
        std::error_code error;
        step.stays = planned.link.empty()
                         ? step.found == Found::kFile && in_place_.may_stay(at(path), *planned.blob)
                         : step.found == Found::kLink &&
                               std::filesystem::read_symlink(at(path), error) == planned.link;
      }
      if (step.found == Found::kFolder) {
        if (Result<void> ours = check_all_ours(path); !ours) {
          return std::unexpected(ours.error());
        }
      }
      survey_.steps.push_back(std::move(step));
    }
    return std::move(survey_);
  }

 private:
  [[nodiscard]] std::filesystem::path at(std::string_view path) const {
    return folder_.root() / path;
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
      return cannot_place(at(path), error);
    }
    return {};
  }

  const OutputFolder& folder_;
  const OutputPlan& plan_;
  FilesInPlace& in_place_;
  std::map<std::string, Found, std::less<>> folders_;  // that were looked at
  Survey survey_;
};

}  // namespace

Found look_at(const std::filesystem::path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return Found::kNothing;
  }
  return S_ISDIR(status.st_mode)   ? Found::kFolder
         : S_ISLNK(status.st_mode) ? Found::kLink
                                   : Found::kFile;
}

bool shows_folder(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

std::vector<std::string> folders_above(std::string_view path) {
  std::vector<std::string> folders;
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    folders.emplace_back(path.substr(0, slash));
  }
  return folders;
}

std::unexpected<Error> cannot_place(const std::filesystem::path& path,
                                    const std::error_code& error) {
  return fail(fmt::format("cannot place {}: {}", path.string(), error.message()));
}

Result<Survey> survey_output(const OutputFolder& folder, const OutputPlan& plan,
                             FilesInPlace& in_place) {
  return Surveyor(folder, plan, in_place).run();
}

}  // namespace btfbatch
