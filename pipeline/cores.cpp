#include "pipeline/cores.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace btfbatch {
namespace {

unsigned cores_of_affinity() {
  // Larger than the kernel's mask may be, or sched_getaffinity refuses.
  constexpr int kMostCores = 8192;
  cpu_set_t* const set = CPU_ALLOC(kMostCores);
  const std::size_t size = CPU_ALLOC_SIZE(kMostCores);
  const int count = sched_getaffinity(0, size, set) == 0 ? CPU_COUNT_S(size, set) : 1;
  CPU_FREE(set);
  return static_cast<unsigned>(std::max(count, 1));
}

std::string first_line(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// The process's control group below /sys/fs/cgroup: "system.slice/ssh.service".
std::string control_group() {
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("0::/")) {
      return line.substr(4);
    }
  }
  return {};
}

}  // namespace

std::optional<unsigned> cores_of_quota(std::string_view cpu_max) {
  std::uint64_t quota = 0;
  std::uint64_t period = 0;
  const char* const end = cpu_max.data() + cpu_max.size();
  const auto first = std::from_chars(cpu_max.data(), end, quota);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ' ' ||
      std::from_chars(first.ptr + 1, end, period).ec != std::errc() || period == 0) {
    return std::nullopt;
  }
  constexpr std::uint64_t kMost = 1U << 20;
  const std::uint64_t cores = quota / period + static_cast<std::uint64_t>(quota % period != 0);
  return static_cast<unsigned>(std::clamp<std::uint64_t>(cores, 1, kMost));
}

unsigned available_cores() {
  unsigned cores = cores_of_affinity();
  const std::filesystem::path root = "/sys/fs/cgroup";
  // Every group above may set a quota too.
  std::filesystem::path group = control_group();
  while (true) {
    if (const auto quota = cores_of_quota(first_line(root / group / "cpu.max"))) {
      cores = std::min(cores, *quota);
    }
    if (group.empty()) {
      return cores;
    }
    group = group.parent_path();
  }
}

}  // namespace btfbatch
