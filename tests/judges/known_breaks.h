// What Linux has renamed, moved, given another type or dropped between the kernels that Debian
// carries, by the kernel's own history, and what programs that ask for it therefore come to.
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string_view>

namespace btfbatch::test {

// The first two numbers of a kernel release.
struct LinuxVersion {
  unsigned major = 0;
  unsigned minor = 0;

  auto operator<=>(const LinuxVersion&) const = default;
};

// Of "debian/12/x86_64/6.1.0-50-amd64.btf.tar.xz": 6.1. Nothing for other distros, whose kernels
// carry changes of later ones; but CentOS 8's first are in all of the table what 4.18 was.
[[nodiscard]] std::optional<LinuxVersion> linux_version_of(std::string_view archive_path);

struct KnownBreak {
  std::string_view object;  // that asks: "runqlat" of libbpf-tools, or one of tests/data/objects
  std::string_view path;
  LinuxVersion came;       // the version that brought it; 0.0: one before 5.10
  LinuxVersion went;       // the first version without it; 0.0: it is still there
  bool is_guarded;         // the program asks whether it exists before it reads it
  std::string_view later;  // what we are to name in its place from `went` on; empty: nothing near

  [[nodiscard]] bool is_missing_in(LinuxVersion version) const {
    return version < came || (went != LinuxVersion{} && version >= went);
  }
};

[[nodiscard]] std::span<const KnownBreak> known_breaks();

}  // namespace btfbatch::test
