// Reading a kernel's identity from its path.
//
// BTFHub's rule is distro/release/arch/KERNEL, but its forks and its own corners break it: folders
// without an arch, folders below the arch ("nobpf"), the whole tree inside of one more folder, a
// release at the root. What holds throughout is the name of the arch, since there are few of them.
// So where one of the folders is named like an arch, what stands before it is the release and, one
// further up, the distro; otherwise distro and release are the first two folders, and the arch is
// the end of the kernel's own name, if that is one ("…el7.x86_64", "a12-5.10-2023-02-arm64").
#include "core/kernel_identity.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

namespace btfbatch {
namespace {

constexpr std::array<std::string_view, 24> kArchNames = {
    "x86_64", "amd64",   "arm64",  "aarch64", "i386",    "i686",     "x86",     "arm",
    "armhf",  "armel",   "armv7l", "ppc64le", "ppc64el", "ppc64",    "powerpc", "s390x",
    "s390",   "riscv64", "mips",   "mipsel",  "mips64",  "mips64el", "loong64", "loongarch64"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kOtherSpellings = {{
    {"aarch64", "arm64"},
    {"amd64", "x86_64"},
    {"ppc64el", "ppc64le"},
    {"loong64", "loongarch64"},
}};

constexpr std::array<std::string_view, 6> kCompressions = {".xz",  ".zst",  ".gz",
                                                           ".bz2", ".lzma", ".lz4"};
constexpr std::array<std::string_view, 2> kCompressedTars = {".tgz", ".txz"};

bool is_arch(std::string_view name) {
  return std::ranges::find(kArchNames, name) != kArchNames.end();
}

bool remove_end(std::string_view& name, std::string_view end) {
  // A name that is nothing but its ending keeps it.
  if (name.size() <= end.size() || !name.ends_with(end)) {
    return false;
  }
  name.remove_suffix(end.size());
  return true;
}

// The file name without what says how the BTF is stored.
std::string_view without_storage(std::string_view name) {
  const auto removed = [&](std::string_view end) { return remove_end(name, end); };
  if (!std::ranges::any_of(kCompressedTars, removed)) {
    std::ranges::any_of(kCompressions, removed);
    remove_end(name, ".tar");
  }
  remove_end(name, ".btf");
  return name;
}

std::vector<std::string_view> folders_of(std::string_view path) {
  std::vector<std::string_view> folders;
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/')) {
    folders.push_back(path.substr(0, slash));
    path.remove_prefix(slash + 1);
  }
  return folders;
}

std::string_view file_name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// The arch at the end of a kernel release, after a '.', '-' or '_'; empty where there is none.
std::string_view arch_at_end(std::string_view kernel_release) {
  for (const std::string_view arch : kArchNames) {
    std::string_view before = kernel_release;
    if (remove_end(before, arch) && std::string_view(".-_").contains(before.back())) {
      return arch;
    }
  }
  return {};
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// Takes the run of digits, or of anything else, that `rest` begins with.
std::string_view take_run(std::string_view& rest) {
  const bool digits = is_digit(rest.front());
  const auto end = std::ranges::find_if(rest, [&](char c) { return is_digit(c) != digits; });
  const std::string_view run = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(run.size());
  return run;
}

// Compares runs of digits as numbers of any length.
int compare_numbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) {
    return a.size() < b.size() ? -1 : 1;
  }
  return a.compare(b);
}

}  // namespace

KernelIdentity identify_kernel(std::string_view archive_path) {
  const std::vector<std::string_view> folders = folders_of(archive_path);
  std::string_view kernel_release = without_storage(file_name_of(archive_path));
  if (kernel_release.starts_with("vmlinux-")) {
    kernel_release.remove_prefix(std::string_view("vmlinux-").size());
  }

  KernelIdentity identity;
  const auto arch = std::find_if(folders.rbegin(), folders.rend(), is_arch);
  if (arch != folders.rend()) {
    identity.arch = *arch;
    // In reverse, "next" is the folder above.
    const auto release = std::next(arch);
    if (release != folders.rend()) {
      identity.release = *release;
      if (const auto distro = std::next(release); distro != folders.rend()) {
        identity.distro = *distro;
      }
    }
  } else {
    identity.arch = arch_at_end(kernel_release);
    if (!folders.empty()) {
      identity.distro = folders[0];
    }
    if (folders.size() > 1) {
      identity.release = folders[1];
    }
  }
  // .../5.4.0-58-generic/vmlinux: the folder bears the name.
  if (kernel_release == "vmlinux") {
    const bool is_named = !folders.empty() && !is_arch(folders.back()) && folders.size() > 2;
    kernel_release = is_named ? folders.back() : std::string_view();
  }
  identity.kernel_release = kernel_release;
  return identity;
}

std::string output_path_of(std::string_view archive_path) {
  const std::string_view name = file_name_of(archive_path);
  std::string path(archive_path.substr(0, archive_path.size() - name.size()));
  path += without_storage(name);
  path += ".btf";
  return path;
}

std::string_view canonical_arch(std::string_view arch) {
  for (const auto& [other, canonical] : kOtherSpellings) {
    if (arch == other) {
      return canonical;
    }
  }
  return arch;
}

int compare_kernel_releases(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    const bool both_numbers = is_digit(a.front()) && is_digit(b.front());
    const std::string_view run_a = take_run(a);
    const std::string_view run_b = take_run(b);
    const int order = both_numbers ? compare_numbers(run_a, run_b) : run_a.compare(run_b);
    if (order != 0) {
      return order;
    }
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

}  // namespace btfbatch
