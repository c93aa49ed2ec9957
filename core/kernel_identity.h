// Who a kernel of the archive is, read from its path in the archive.
#pragma once

#include <string>
#include <string_view>

namespace btfbatch {

// Fields that the path does not tell are empty: forks of BTFHub have folders without an arch
// (centos/7/KERNEL), flat ones (common-android12-5.10/KERNEL) and kernels at the root.
struct KernelIdentity {
  std::string distro;          // first folder: "ubuntu"
  std::string release;         // second folder: "20.04"
  std::string arch;            // as the path spells it: "x86_64", "arm64", "aarch64"
  std::string kernel_release;  // `uname -r`: "5.4.0-58-generic"
};

// Reads the identity from a path relative to the archive's root, with '/' between its parts, such
// as "ubuntu/20.04/x86_64/5.4.0-58-generic.btf.tar.xz". Never fails. Thread-safe.
[[nodiscard]] KernelIdentity identify_kernel(std::string_view archive_path);

// The path without what says how the BTF is stored (".tar.xz", ".tar.zst", ".tar.gz", …) and with
// ".btf" at its end: the kernel's place in the output tree. "a/b/5.4.btf.tar.xz" → "a/b/5.4.btf",
// "a/b/vmlinux-5.4" → "a/b/vmlinux-5.4.btf".
[[nodiscard]] std::string output_path_of(std::string_view archive_path);

// The one spelling under which arch names are compared: "aarch64" → "arm64", "amd64" → "x86_64",
// "ppc64el" → "ppc64le", "loong64" → "loongarch64", anything else as it is.
[[nodiscard]] std::string_view canonical_arch(std::string_view arch);

// Compares kernel releases as versions: runs of digits as numbers, the rest as text; "4.18" is less
// than "4.18.0-147", which is less than "4.19". Returns <0, 0 or >0.
[[nodiscard]] int compare_kernel_releases(std::string_view a, std::string_view b);

}  // namespace btfbatch
