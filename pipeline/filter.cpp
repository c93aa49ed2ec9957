#include "pipeline/filter.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ranges>

namespace btfbatch {
namespace {

// One part of a condition on the kernel release, between commas.
struct KernelCondition {
  std::string_view comparison;  // ">=", "<=", ">", "<", "="; empty for a glob
  std::string_view operand;     // the bound, or the glob
};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

KernelCondition parse_kernel_condition(std::string_view text) {
  text = trim(text);
  constexpr std::array<std::string_view, 5> kComparisons = {">=", "<=", ">", "<", "="};
  for (const std::string_view comparison : kComparisons) {
    if (text.starts_with(comparison)) {
      return {.comparison = comparison, .operand = trim(text.substr(comparison.size()))};
    }
  }
  return {.comparison = {}, .operand = text};
}

bool matches_glob(const std::string& glob, std::string_view text) {
  return fnmatch(glob.c_str(), std::string(text).c_str(), 0) == 0;
}

bool matches_any(const std::vector<std::string>& globs, std::string_view text) {
  return std::ranges::any_of(globs, [&](const std::string& g) { return matches_glob(g, text); });
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// Whether `release` is `bound` or goes on from it with a further part: 5.10.0-8 is in the series
// 5.10, and 5.100 is not.
bool is_in_series(std::string_view release, std::string_view bound) {
  return release.starts_with(bound) && (release.size() == bound.size() || !is_digit(bound.back()) ||
                                        !is_digit(release[bound.size()]));
}

bool in_range(std::string_view release, const KernelCondition& range) {
  const int order =
      is_in_series(release, range.operand) ? 0 : compare_kernel_releases(release, range.operand);
  if (order == 0) {
    return range.comparison.ends_with('=');
  }
  return range.comparison.starts_with(order < 0 ? '<' : '>');
}

bool holds(std::string_view release, const KernelCondition& condition) {
  return condition.comparison.empty() ? matches_glob(std::string(condition.operand), release)
                                      : in_range(release, condition);
}

// A lone range has to hold whatever else is asked; what is or joins a glob is one way among others.
bool is_lone_range(std::string_view text) {
  return std::ranges::all_of(std::views::split(text, ','), [](auto part) {
    return !parse_kernel_condition(std::string_view(part)).comparison.empty();
  });
}

bool kernel_passes(const std::vector<std::string>& conditions, std::string_view release) {
  bool any_choice = false;
  bool chosen = false;
  for (const std::string& text : conditions) {
    const bool all_hold = std::ranges::all_of(std::views::split(text, ','), [&](auto part) {
      return holds(release, parse_kernel_condition(std::string_view(part)));
    });
    if (is_lone_range(text)) {
      if (!all_hold) {
        return false;
      }
    } else {
      any_choice = true;
      chosen = chosen || all_hold;
    }
  }
  return chosen || !any_choice;
}

bool arch_passes(const std::vector<std::string>& globs, std::string_view arch) {
  return std::ranges::any_of(globs, [&](const std::string& glob) {
    return matches_glob(glob, arch) || canonical_arch(glob) == canonical_arch(arch);
  });
}

Result<void> check_globs(std::string_view kind, const std::vector<std::string>& globs) {
  for (const std::string& glob : globs) {
    if (glob.empty()) {
      return fail(fmt::format("{}: an empty pattern matches no kernel", kind));
    }
  }
  return {};
}

Result<void> check_kernel_condition(std::string_view text) {
  for (const auto part : std::views::split(text, ',')) {
    const KernelCondition condition = parse_kernel_condition(std::string_view(part));
    if (condition.operand.empty()) {
      return fail(fmt::format("kernel: '{}' lacks a version or pattern", text));
    }
    if (!condition.comparison.empty() && !is_digit(condition.operand.front())) {
      return fail(fmt::format("kernel: '{}' is not a version, which begins with a digit",
                              condition.operand));
    }
  }
  return {};
}

}  // namespace

Result<void> Filter::check() const {
  const struct {
    std::string_view kind;
    const std::vector<std::string>& globs;
  } kinds[] = {{"arch", arch},       {"distro", distro},   {"release", release},
               {"include", include}, {"exclude", exclude}, {"kernel", kernel}};
  for (const auto& [kind, globs] : kinds) {
    if (Result<void> checked = check_globs(kind, globs); !checked) {
      return checked;
    }
  }
  for (const std::string& condition : kernel) {
    if (Result<void> checked = check_kernel_condition(condition); !checked) {
      return checked;
    }
  }
  return {};
}

bool Filter::passes(std::string_view archive_path, const KernelIdentity& identity) const {
  return (arch.empty() || arch_passes(arch, identity.arch)) &&
         (distro.empty() || matches_any(distro, identity.distro)) &&
         (release.empty() || matches_any(release, identity.release)) &&
         kernel_passes(kernel, identity.kernel_release) &&
         (include.empty() || matches_any(include, archive_path)) &&
         !matches_any(exclude, archive_path);
}

bool Filter::excludes_alias(const std::string& path) const {
  return matches_any(exclude, path) || matches_any(exclude, path + "/");
}

}  // namespace btfbatch
