#include "pipeline/pack/examine.h"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <utility>

#include "core/kernel_identity.h"
#include "pipeline/announcer.h"
#include "pipeline/cores.h"
#include "pipeline/graph.h"
#include "pipeline/pack/pack_file.h"
#include "pipeline/pack/scan_pack.h"
#include "pipeline/stages.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {
namespace {

// "a/b/5.4.btf.tar.xz" → "a/b/5.4".
std::string name_of(const std::string& path) {
  std::string name = output_path_of(path);
  name.resize(name.size() - std::string_view(".btf").size());
  return name;
}

// And so is none of the pack's kernels, though one of the same path may be.
bool failed_when_packed(const PackIndex& index, const KernelWork& work) {
  const auto known =
      std::ranges::equal_range(index.failures, work.outcome.archive_path, {}, &PackFailure::path);
  return has_failed(work) && std::ranges::find(known, work.outcome.reasons.front(),
                                               &PackFailure::reason) != known.end();
}

}  // namespace

std::vector<PackSeries> series_of(const PackIndex& index) {
  std::vector<std::uint32_t> roots;
  std::map<std::uint32_t, PackSeries> series;  // by root
  for (std::uint32_t i = 0; i < index.blobs.size(); ++i) {
    const PackBlob& blob = index.blobs[i];
    roots.push_back(blob.base ? roots[*blob.base] : i);
    series[roots[i]].pack_bytes += blob.size;
  }
  std::vector<bool> has_kernel(index.blobs.size());
  for (const PackKernel& kernel : index.kernels) {
    PackSeries& one = series[roots[kernel.blob]];
    // Of a root that no kernel has any more, the first of the others gives the name.
    if (one.name.empty() || (kernel.blob == roots[kernel.blob] && !has_kernel[kernel.blob])) {
      one.name = name_of(kernel.path);
    }
    ++one.kernels;
    one.unique += has_kernel[kernel.blob] ? 0 : 1;
    has_kernel[kernel.blob] = true;
    one.depth = std::max(one.depth, index.depth(kernel.blob));
    one.btf_bytes += index.blobs[kernel.blob].btf_size;
    one.archive_bytes += kernel.compressed_size;
  }
  std::vector<PackSeries> sorted;
  for (auto& [root, one] : series) {
    sorted.push_back(std::move(one));
  }
  std::ranges::stable_sort(sorted, {}, &PackSeries::name);
  return sorted;
}

Result<PackCheck> check_pack(const std::filesystem::path& file, unsigned jobs,
                             const PackCheckObserver& observer) {
  const auto begin = std::chrono::steady_clock::now();
  Announcer announcer;
  StopSignal stop(observer.should_stop, announcer.mutex());
  // One open file for all of it: what is checked is one pack, even where the file is replaced.
  Result<PackFile> opened = PackFile::open(file);
  if (!opened) {
    return std::unexpected(std::move(opened).error());
  }
  const auto pack = std::make_shared<const PackFile>(*std::move(opened));
  PackCheck check;
  check.problems = pack->check_frame();

  const UnpackLimits limits{.max_btf_size = std::numeric_limits<std::uint64_t>::max(),
                            .stop = &stop};
  const std::unique_ptr<Archive> archive = pack_archive(pack, {.filter = {},
                                                               .max_btf_size = limits.max_btf_size,
                                                               .stop = &stop,
                                                               .clashes = Clashes::kIgnore});
  announcer.tell(observer.begin, pack->index().kernels.size());
  const PastResults nothing_known{ResultRules{}};
  BufferPool buffers;
  run_graph(
      *archive, thread_count(jobs), stop,
      {.unpack = [&](KernelWork& work) { unpack_kernel(work, limits, nothing_known, buffers); },
       .judge = [&](KernelWork& work) { drop_btf(work, buffers); },
       .collect =
           [&](KernelWork& work) {
             const std::string& path = work.outcome.archive_path;
             if (stop.stopped() || failed_when_packed(pack->index(), work)) {
               return;
             }
             const std::string reason =
                 has_failed(work) ? work.outcome.reasons.front() : std::string();
             announcer.tell(observer.kernel_done, path, reason);
             if (reason.empty()) {
               ++check.kernels;
             } else {
               check.damaged.push_back({.path = path, .reason = reason});
             }
           }});
  std::ranges::sort(check.damaged, {}, &PackCheck::Damaged::path);
  check.stopped_early = stop.stopped();
  check.wall = std::chrono::steady_clock::now() - begin;
  return check;
}

}  // namespace btfbatch
