#include "pipeline/bundle/path_template.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace btfbatch {
namespace {

// An arch under the names that different tools give it.
struct ArchNames {
  std::string_view canonical;  // by canonical_arch()
  std::string_view machine;
  std::string_view go;
  std::string_view bpf;
};
constexpr std::array<ArchNames, 2> kArchNames = {
    {{"x86_64", "x86_64", "amd64", "x86"}, {"arm64", "aarch64", "arm64", "arm64"}}};

constexpr std::array<std::string_view, 7> kFields = {"distro",  "release", "arch",    "kernel",
                                                     "machine", "go_arch", "bpf_arch"};

std::string arch_named(std::string_view arch, std::string_view ArchNames::*name) {
  const auto known = std::ranges::find(kArchNames, canonical_arch(arch), &ArchNames::canonical);
  return std::string(known == kArchNames.end() ? arch : (*known).*name);
}

std::string value_of(std::string_view field, const KernelIdentity& kernel) {
  if (field == "distro") return kernel.distro;
  if (field == "release") return kernel.release;
  if (field == "arch") return kernel.arch;
  if (field == "kernel") return kernel.kernel_release;
  if (field == "machine") return arch_named(kernel.arch, &ArchNames::machine);
  if (field == "go_arch") return arch_named(kernel.arch, &ArchNames::go);
  return arch_named(kernel.arch, &ArchNames::bpf);
}

// Leaves out the folders that became empty; a "./" at the beginning stays.
std::string without_empty_folders(std::string_view path) {
  std::string kept;
  for (const char c : path) {
    const bool is_empty_folder = c == '/' && (kept.empty() || kept.back() == '/');
    if (!is_empty_folder) {
      kept += c;
    }
  }
  return kept;
}

bool has_upward_part(std::string_view text) {
  return fmt::format("/{}/", text).find("/../") != std::string::npos;
}

}  // namespace

Result<PathTemplate> PathTemplate::parse(std::string_view text) {
  PathTemplate parsed;
  const auto refuse = [text](std::string_view why) {
    return fail(fmt::format("path template '{}': {}", text, why));
  };
  if (text.starts_with('/') || has_upward_part(text)) {
    return refuse("leads out of the bundle");
  }
  parsed.packs_each_ = text.ends_with(".btf.tar.xz");
  if (!parsed.packs_each_ && !text.ends_with(".btf")) {
    return refuse("has to end in .btf, or in .btf.tar.xz to pack each file of its own");
  }
  bool names_kernel = false;
  std::string_view rest = text;
  for (std::size_t open = rest.find_first_of("{}"); open != rest.npos;
       open = rest.find_first_of("{}")) {
    const std::size_t close = rest.find('}', open);
    if (rest[open] == '}' || close == rest.npos) {
      return refuse("has a brace without its other half");
    }
    const std::string_view field = rest.substr(open + 1, close - open - 1);
    if (std::ranges::find(kFields, field) == kFields.end()) {
      return refuse(fmt::format("{{{}}} is none of {{{}}}", field, fmt::join(kFields, "}, {")));
    }
    names_kernel = names_kernel || field == "kernel";
    parsed.pieces_.push_back(
        {.text = std::string(rest.substr(0, open)), .field = std::string(field)});
    rest.remove_prefix(close + 1);
  }
  if (!names_kernel) {
    return refuse("without {kernel}, all kernels would have the same path");
  }
  parsed.pieces_.push_back({.text = std::string(rest), .field = {}});
  return parsed;
}

std::string PathTemplate::path_of(const KernelIdentity& kernel) const {
  std::string path;
  for (const Piece& piece : pieces_) {
    path += piece.text;
    if (!piece.field.empty()) {
      path += value_of(piece.field, kernel);
    }
  }
  return without_empty_folders(path);
}

Result<PathTemplates> PathTemplates::parse(std::span<const std::string> texts) {
  PathTemplates templates;
  for (const std::string& text : texts) {
    // A '=' behind the first brace or slash belongs to the template.
    const std::size_t equals = text.find('=');
    const bool is_for_one = equals < text.find_first_of("{/");
    const std::string distro = is_for_one ? text.substr(0, equals) : std::string();
    Result<PathTemplate> parsed = PathTemplate::parse(is_for_one ? text.substr(equals + 1) : text);
    if (!parsed) {
      return std::unexpected(std::move(parsed).error());
    }
    if (!templates.by_distro_.emplace(distro, *std::move(parsed)).second) {
      return fail(distro.empty() ? "two path templates are for all kernels"
                                 : fmt::format("two path templates are for '{}'", distro));
    }
  }
  if (!texts.empty() && !templates.by_distro_.contains("")) {
    return fail("no path template is for the kernels of other distros");
  }
  return templates;
}

const PathTemplate& PathTemplates::of(const KernelIdentity& kernel) const {
  const auto own = by_distro_.find(kernel.distro);
  return own != by_distro_.end() ? own->second : by_distro_.at("");
}

}  // namespace btfbatch
