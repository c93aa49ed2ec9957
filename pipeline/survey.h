// What lies in an output folder where new paths are to be placed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "pipeline/files_in_place.h"
#include "pipeline/output_folder.h"
#include "pipeline/output_plan.h"

namespace btfbatch {

enum class Found : std::uint8_t { kNothing, kFile, kLink, kFolder };

// What lies at a path itself; a link is not followed.
[[nodiscard]] Found look_at(const std::filesystem::path& path);

// Whether it is, or leads to, a folder.
[[nodiscard]] bool shows_folder(const std::filesystem::path& path);

// The folders above a path, outermost first: "a", "a/b" for "a/b/c".
[[nodiscard]] std::vector<std::string> folders_above(std::string_view path);

// "cannot place PATH: …"
[[nodiscard]] std::unexpected<Error> cannot_place(const std::filesystem::path& path,
                                                  const std::error_code& error);

// One planned path on its way to its place.
struct Step {
  const std::string* path = nullptr;
  const PlannedPath* planned = nullptr;
  Found found = Found::kNothing;  // what lies at the path now
  bool stays = false;             // what is planned, link or file
  bool shows_folder = false;      // a link that leads to a folder
  bool is_behind_obstacle = false;
  // In staging, until it is placed; empty where none is needed. What is to show at the path, or
  // show there until its link can be made; a folder of files where the link leads to a folder.
  std::filesystem::path file;
  std::filesystem::path link;  // the same, for the link
};

// A link or a file of ours where a folder must go.
struct Obstacle {
  bool shows_folder = false;       // a link that leads to a folder
  std::vector<std::size_t> steps;  // that need the folder
};

struct Survey {
  std::vector<Step> steps;                     // in path order
  std::map<std::string, Obstacle> in_the_way;  // by path
};

// Looks at every path of the plan, and notes with `in_place` which files may stay. `plan` is
// borrowed by the steps. Fails where a folder that is not wholly ours lies where a file must go, or
// a foreign link or file where a folder must.
[[nodiscard]] Result<Survey> survey_output(const OutputFolder& folder, const OutputPlan& plan,
                                           FilesInPlace& in_place);

}  // namespace btfbatch
