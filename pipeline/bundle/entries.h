// What a bundle holds: every path of the output that shows a BTF, and the kernel it is for.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/kernel_identity.h"
#include "pipeline/bundle/path_template.h"
#include "pipeline/output_plan.h"

namespace btfbatch {

struct BundleEntry {
  std::string path;         // in the output tree, and in a tar: "ubuntu/20.04/x86_64/5.4.btf"
  KernelIdentity identity;  // as the path tells it
  std::size_t blob = 0;     // entries with the same number share their bytes
};

// The member of the tar.xz that the entry is by its path; empty where it is the BTF itself.
[[nodiscard]] std::string packed_member(const BundleEntry& entry);

// The entries of a run's kernels, and of the archive's other paths to them, in the order of their
// paths. Pure.
[[nodiscard]] std::vector<BundleEntry> bundle_entries(std::span<const WrittenKernel> kernels,
                                                      std::span<const Alias> aliases);

// The same entries under the paths that the templates give them, in the order of those; entries
// that come to lie on one path with the same bytes become one. Fails, naming both, where they have
// different bytes, or where a path could not be one in an output folder either. Pure.
[[nodiscard]] Result<std::vector<BundleEntry>> rename_entries(std::span<const BundleEntry> entries,
                                                              const PathTemplates& templates);

// The entries that a .btfs can hold, which knows kernels by their identity alone, and why it cannot
// hold the others.
struct IndexableEntries {
  std::vector<BundleEntry> entries;
  std::vector<std::string> left_out;  // a line for each, which names it
};

// Of several entries with one identity and different bytes (a kernel in a folder of its own, such
// as "nobpf", beside another), the one with the shortest path is kept, of those the first. Pure.
[[nodiscard]] IndexableEntries indexable_entries(std::span<const BundleEntry> entries);

}  // namespace btfbatch
