// The paths that kernels have in a bundle, where a project's loader wants others than the
// archive's.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/kernel_identity.h"

namespace btfbatch {

// A pattern such as "{bpf_arch}/{distro}/{release}/{machine}/{kernel}.btf". Immutable; thread-safe.
//
//   {distro} {release} {arch}  as the archive spells them
//   {kernel}                   the kernel release
//   {machine}                  the arch as `uname -m` spells it: x86_64, aarch64
//   {go_arch}                  as Go does: amd64, arm64
//   {bpf_arch}                 as bpf2go and __TARGET_ARCH_… do: x86, arm64
//
// What the archive does not tell becomes empty, and an empty folder is left out.
class PathTemplate {
 public:
  // Fails where a brace is left open or names no field, where {kernel} is missing, where a part is
  // ".." or the pattern begins with '/', and where it ends in none of ".btf" and ".btf.tar.xz". One
  // "./" at its beginning is kept: some loaders compare names with it.
  [[nodiscard]] static Result<PathTemplate> parse(std::string_view text);

  // The kernel's path in the bundle.
  [[nodiscard]] std::string path_of(const KernelIdentity& kernel) const;

  // Whether each entry is to be a .tar.xz itself, which holds the BTF.
  [[nodiscard]] bool packs_each() const { return packs_each_; }

 private:
  // Text, and the field that follows it; empty for the last.
  struct Piece {
    std::string text;
    std::string field;
  };
  std::vector<Piece> pieces_;
  bool packs_each_ = false;
};

// One template for each distro that has its own, and one for the others. Immutable; thread-safe.
class PathTemplates {
 public:
  // Each text is a template, or "DISTRO=TEMPLATE" for one distro alone. Fails as
  // PathTemplate::parse does, where two are for the same, and where none is for all the others.
  // None at all is no error: see empty().
  [[nodiscard]] static Result<PathTemplates> parse(std::span<const std::string> texts);

  [[nodiscard]] bool empty() const { return by_distro_.empty(); }

  // Not to be asked where empty.
  [[nodiscard]] const PathTemplate& of(const KernelIdentity& kernel) const;

 private:
  std::map<std::string, PathTemplate, std::less<>> by_distro_;  // "" for all others
};

}  // namespace btfbatch
