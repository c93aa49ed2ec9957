#include "pipeline/bundle/entries.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "core/find/btfs_writer.h"
#include "pipeline/admission.h"

namespace btfbatch {

std::string packed_member(const BundleEntry& entry) {
  const std::filesystem::path path(entry.path);
  return entry.path.ends_with(".tar.xz") ? path.stem().stem().string() : std::string();
}

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

IndexableEntries indexable_entries(std::span<const BundleEntry> entries) {
  const auto names_of = [](const BundleEntry& entry) {
    const KernelIdentity& identity = entry.identity;
    return std::tie(identity.distro, identity.release, identity.arch, identity.kernel_release);
  };
  const auto by_names = [&](const BundleEntry* a, const BundleEntry* b) {
    return names_of(*a) < names_of(*b);
  };
  std::map<const BundleEntry*, const BundleEntry*, decltype(by_names)> best(by_names);
  for (const BundleEntry& entry : entries) {
    const auto [known, is_new] = best.emplace(&entry, &entry);
    if (!is_new && entry.path.size() < known->second->path.size()) {
      known->second = &entry;
    }
  }
  IndexableEntries result;
  for (const BundleEntry& entry : entries) {
    const BundleEntry& same = *best.at(&entry);
    if (const Result<void> checked = check_btfs_names(entry.identity); !checked) {
      result.left_out.push_back(fmt::format("{}: {}", entry.path, checked.error().message));
    } else if (same.blob != entry.blob) {
      result.left_out.push_back(
          fmt::format("{}: {} has the same names and another BTF", entry.path, same.path));
    } else {
      result.entries.push_back(entry);
    }
  }
  return result;
}

}  // namespace btfbatch
