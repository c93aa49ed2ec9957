// What the output is to look like, before anything is written.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/run.h"

namespace btfbatch {

inline constexpr std::string_view kManifestName = "btfbatch.json";
inline constexpr std::string_view kIndexName = "index.json";

// A kernel that has a result.
struct WrittenKernel {
  std::string archive_path;
  std::string output_path;
  std::size_t blob = 0;   // kernels with the same number share their bytes
  std::string blob_name;  // its name in the layout "indexed", without ".btf"; one for each blob
};

// What lies at one path of the output.
struct PlannedPath {
  // The bytes to be seen at the path; nothing where it is a link to a folder.
  std::optional<std::size_t> blob;
  // Where a symbolic link leads; empty for a file.
  std::string link;

  bool operator==(const PlannedPath&) const = default;
};

// Every path of the output except for the manifest and the index. None lies within another.
using OutputPlan = std::map<std::string, PlannedPath, std::less<>>;

// Lays the kernels out. `aliases` are in archive paths; those that lead to no kernel, or would take
// another's place, are left out. The order of the arguments' elements makes no difference. Pure.
//
// Aliases are links where the layout is kSymlink, files where it is kHardlink or kCopy (a link to a
// folder through another such link is not followed), and left to the index where it is kIndexed.
[[nodiscard]] OutputPlan plan_output(Layout layout, std::span<const WrittenKernel> kernels,
                                     std::span<const Alias> aliases);

// Leaves out aliases, in archive paths, of what was not written: filtered out, or failed. `written`
// is sorted by archive path.
void keep_living_aliases(std::vector<Alias>& aliases, std::span<const WrittenKernel> written);

// "symlink", "hardlink", "copy", "indexed".
[[nodiscard]] std::string_view layout_name(Layout layout);
[[nodiscard]] std::optional<Layout> layout_of_name(std::string_view name);

}  // namespace btfbatch
