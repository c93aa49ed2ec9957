// The job of `btfbatch pack`: an archive in, one file out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/filter.h"
#include "pipeline/pack/format.h"
#include "pipeline/run.h"

namespace btfbatch {

struct PackOptions {
  std::filesystem::path archive{};  // as of RunOptions
  std::filesystem::path out{};      // the pack; its folder must exist
  // An earlier pack, which may be `out`: a kernel whose file in the archive is the same as when it
  // was packed, or whose BTF is one that the pack has, is taken over as it is. Empty for none.
  std::filesystem::path base{};
  Filter filter{};
  unsigned jobs = 0;                          // threads; 0: one per core
  std::uint64_t max_btf_size = 256ULL << 20;  // bytes; a kernel whose BTF is larger fails
};

struct PackSummary {
  std::size_t kernels = 0;            // that were packed
  std::size_t unchanged = 0;          // of these, taken over from the base
  std::size_t unique = 0;             // different BTFs among them
  std::vector<PackFailure> failures;  // sorted by path
  std::size_t aliases = 0;
  std::size_t ignored = 0;  // files that are no kernels
  std::size_t filtered_out = 0;
  std::uint64_t archive_bytes = 0;  // bytes of the packed kernels' files in the archive
  std::uint64_t btf_bytes = 0;      // of their BTF
  std::uint64_t pack_bytes = 0;     // of the file that was written
  bool stopped_early = false;       // a request to stop: `out` was left as it was
  std::chrono::nanoseconds wall{0};
};

// How the job tells what it does. Each may be empty; never called from two threads at once.
struct PackObserver {
  // Every kernel is read, and then all that are new are coded. `total` of them are about to be; 0
  // where that is not known.
  std::function<void(std::string_view phase, std::size_t total)> begin{};
  // One more is read, or coded. `failure` is why it cannot be; empty where it can.
  std::function<void(const std::string& path, std::string_view failure)> kernel_done{};
  std::function<bool()> should_stop{};
};

// Packs every kernel that the filters let through. The bytes of the pack follow from the archive's
// content, the base and the options alone: not from the number of threads, nor from the archive's
// form and order. Beside `out` it needs as much disk space as the archive takes, for the time of
// the job; no more than some 150 MB of memory with two threads, whatever the archive's size.
//
// A kernel that cannot be read is noted in the pack, with the reason, and costs nothing else. Fails
// with nothing changed.
[[nodiscard]] std::expected<PackSummary, RunError> make_pack(const PackOptions& options,
                                                             const PackObserver& observer);

}  // namespace btfbatch
