#include "pipeline/output_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "core/kernel_identity.h"

namespace btfbatch {
namespace {

struct LayoutName {
  Layout layout;
  std::string_view name;
};
constexpr std::array<LayoutName, 4> kLayoutNames = {{{Layout::kSymlink, "symlink"},
                                                     {Layout::kHardlink, "hardlink"},
                                                     {Layout::kCopy, "copy"},
                                                     {Layout::kIndexed, "indexed"}}};

std::string relative_link(std::string_view from, std::string_view to) {
  return std::filesystem::path(to)
      .lexically_relative(std::filesystem::path(from).parent_path())
      .string();
}

// Whether `path` is free: not taken, not a folder of another path, not within one.
bool is_free(const OutputPlan& plan, std::string_view path) {
  const auto is_file = [&plan](std::string_view taken) {
    return taken == kManifestName || taken == kIndexName || plan.contains(taken);
  };
  if (is_file(path)) {
    return false;
  }
  const std::string folder = fmt::format("{}/", path);
  const auto within = plan.lower_bound(folder);
  if (within != plan.end() && within->first.starts_with(folder)) {
    return false;
  }
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    if (is_file(path.substr(0, slash))) {
      return false;
    }
  }
  return true;
}

OutputPlan plan_blobs(std::span<const WrittenKernel> kernels) {
  OutputPlan plan;
  for (const WrittenKernel& kernel : kernels) {
    plan[fmt::format("blobs/{}.btf", kernel.blob_name)] = {.blob = kernel.blob, .link = {}};
  }
  return plan;
}

// Puts a path at each place where an alias shows a kernel.
void plan_alias(Layout layout, const Alias& alias,
                const std::map<std::string_view, const WrittenKernel*>& by_archive_path,
                OutputPlan& plan) {
  if (!alias.is_directory) {
    const auto kernel = by_archive_path.find(alias.target);
    const std::string path = output_path_of(alias.path);
    if (kernel != by_archive_path.end() && is_free(plan, path)) {
      const WrittenKernel& target = *kernel->second;
      const bool is_link = layout == Layout::kSymlink;
      plan[path] = {.blob = target.blob,
                    .link = is_link ? relative_link(path, target.output_path) : std::string()};
    }
    return;
  }
  const std::string folder = alias.target + "/";
  for (auto it = by_archive_path.lower_bound(folder);
       it != by_archive_path.end() && it->first.starts_with(folder); ++it) {
    if (layout == Layout::kSymlink) {
      if (is_free(plan, alias.path)) {
        plan[alias.path] = {.blob = {}, .link = relative_link(alias.path, alias.target)};
      }
      return;
    }
    const WrittenKernel& kernel = *it->second;
    if (!kernel.output_path.starts_with(folder)) {
      continue;  // a manifest says so that somebody has changed
    }
    const std::string path = alias.path + kernel.output_path.substr(alias.target.size());
    if (is_free(plan, path)) {
      plan[path] = {.blob = kernel.blob, .link = {}};
    }
  }
}

}  // namespace

OutputPlan plan_output(Layout layout, std::span<const WrittenKernel> kernels,
                       std::span<const Alias> aliases) {
  if (layout == Layout::kIndexed) {
    return plan_blobs(kernels);
  }
  OutputPlan plan;
  std::map<std::string_view, const WrittenKernel*> by_archive_path;
  for (const WrittenKernel& kernel : kernels) {
    plan[kernel.output_path] = {.blob = kernel.blob, .link = {}};
    by_archive_path.emplace(kernel.archive_path, &kernel);
  }
  if (layout == Layout::kSymlink) {
    // In path order, so that the first path of each blob is the one that holds the file.
    std::map<std::size_t, std::string_view> holder;
    for (auto& [path, planned] : plan) {
      const auto [first, is_first] = holder.emplace(*planned.blob, path);
      if (!is_first) {
        planned.link = relative_link(path, first->second);
      }
    }
  }
  std::vector<Alias> sorted(aliases.begin(), aliases.end());
  std::ranges::sort(sorted, {}, &Alias::path);
  for (const Alias& alias : sorted) {
    plan_alias(layout, alias, by_archive_path, plan);
  }
  return plan;
}

void keep_living_aliases(std::vector<Alias>& aliases, std::span<const WrittenKernel> written) {
  std::erase_if(aliases, [&](const Alias& alias) {
    const std::string folder = alias.target + "/";
    const auto first = std::ranges::lower_bound(written, alias.is_directory ? folder : alias.target,
                                                {}, &WrittenKernel::archive_path);
    return first == written.end() || !(alias.is_directory ? first->archive_path.starts_with(folder)
                                                          : first->archive_path == alias.target);
  });
}

std::string_view layout_name(Layout layout) {
  return std::ranges::find(kLayoutNames, layout, &LayoutName::layout)->name;
}

std::optional<Layout> layout_of_name(std::string_view name) {
  const auto found = std::ranges::find(kLayoutNames, name, &LayoutName::name);
  return found == kLayoutNames.end() ? std::nullopt : std::optional(found->layout);
}

}  // namespace btfbatch
