// What is in a pack, and is it whole: `btfbatch pack --list`, `--stats` and `--check`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "pipeline/pack/format.h"
#include "pipeline/run.h"

namespace btfbatch {

// A blob that is coded by itself, and all that leads back to it.
struct PackSeries {
  std::string name;  // the kernel coded by itself: "debian/12/x86_64/6.1.0-50-amd64"
  std::size_t kernels = 0;
  std::size_t unique = 0;           // different BTFs
  std::uint32_t depth = 0;          // the most bases that stand between a kernel and the first one
  std::uint64_t btf_bytes = 0;      // of all kernels
  std::uint64_t archive_bytes = 0;  // their files in the archive that was packed
  std::uint64_t pack_bytes = 0;     // their blobs
};

// Every series of a pack, by name. Pure.
[[nodiscard]] std::vector<PackSeries> series_of(const PackIndex& index);

struct PackCheck {
  struct Damaged {
    std::string path;
    std::string reason;
  };
  std::size_t kernels = 0;            // that were decoded and are what was packed
  std::vector<Damaged> damaged;       // the others, by path
  std::vector<std::string> problems;  // of the file as a whole
  bool stopped_early = false;
  std::chrono::nanoseconds wall{0};

  [[nodiscard]] bool is_whole() const {
    return !stopped_early && damaged.empty() && problems.empty();
  }
};

struct PackCheckObserver {
  std::function<void(std::size_t kernels)> begin;
  // `failure` is empty where the kernel is whole. Never called from two threads at once.
  std::function<void(const std::string& path, std::string_view failure)> kernel_done;
  std::function<bool()> should_stop;
};

// Decodes every kernel with `jobs` threads (0: one per core), and compares all checksums of the
// file. Fails where the file cannot be opened as a pack.
[[nodiscard]] Result<PackCheck> check_pack(const std::filesystem::path& file, unsigned jobs,
                                           const PackCheckObserver& observer);

}  // namespace btfbatch
