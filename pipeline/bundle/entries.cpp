#include "pipeline/bundle/entries.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <utility>

#include "pipeline/admission.h"

namespace btfbatch {

std::vector<BundleEntry> bundle_entries(std::span<const WrittenKernel> kernels,
                                        std::span<const Alias> aliases) {
  std::vector<BundleEntry> entries;
  // In this layout every path is a file, those of aliases as well.
  for (const auto& [path, planned] : plan_output(Layout::kCopy, kernels, aliases)) {
    entries.push_back({.path = path, .identity = identify_kernel(path), .blob = *planned.blob});
  }
  return entries;
}

Result<std::vector<BundleEntry>> rename_entries(std::span<const BundleEntry> entries,
                                                const PathTemplates& templates) {
  std::map<std::string, const BundleEntry*> renamed;
  for (const BundleEntry& entry : entries) {
    std::string path = templates.of(entry.identity).path_of(entry.identity);
    const bool has_dot = path.starts_with("./");
    if (std::optional<Error> wrong = check_output_path(path.substr(has_dot ? 2 : 0))) {
      return fail(fmt::format("--bundle-path gives {} the path '{}', which {}", entry.path, path,
                              wrong->message));
    }
    const auto [place, is_new] = renamed.emplace(std::move(path), &entry);
    if (!is_new && place->second->blob != entry.blob) {
      return fail(
          fmt::format("--bundle-path gives two kernels with different BTF the path '{}': {} and {}",
                      place->first, place->second->path, entry.path));
    }
  }
  std::vector<BundleEntry> result;
  for (const auto& [path, entry] : renamed) {
    result.push_back({.path = path, .identity = entry->identity, .blob = entry->blob});
  }
  return result;
}

}  // namespace btfbatch
