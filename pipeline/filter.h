// Which kernels of an archive a run is for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/kernel_identity.h"

namespace btfbatch {

// Conditions of different kinds are all to be met; of several of one kind, one is enough, except
// that every range (">=4.18") must hold. Empty: everything passes.
//
// Globs are those of fnmatch(3): '*', '?', '[…]'. The bound of a range stands for its whole series:
// "<=5.10" lets 5.10.0-8-amd64 pass, ">4" begins with 5.0, "=5.4" is all of 5.4.
struct Filter {
  std::vector<std::string> arch{};     // globs; aarch64 and arm64, amd64 and x86_64 are the same
  std::vector<std::string> distro{};   // globs
  std::vector<std::string> release{};  // globs
  std::vector<std::string>
      kernel{};  // ">=4.18", "<5.10", ">4", "<=6", "=5.4.0-58-generic", or a glob; a
                 // comma joins conditions that must hold together: ">=4.18,<5"
  std::vector<std::string> include{};  // globs over the whole archive path; '*' also matches '/'
  std::vector<std::string> exclude{};  // the same; wins over include

  // Says what is wrong with a condition that cannot be understood.
  [[nodiscard]] Result<void> check() const;

  // Whether the kernel passes. To be asked only once check() has succeeded. Thread-safe.
  [[nodiscard]] bool passes(std::string_view archive_path, const KernelIdentity& identity) const;

  // Whether `exclude` names another path to a kernel, or to a folder of them and all that is in it.
  // The other conditions are about kernels, under whatever path. Thread-safe.
  [[nodiscard]] bool excludes_alias(const std::string& path) const;
};

}  // namespace btfbatch
