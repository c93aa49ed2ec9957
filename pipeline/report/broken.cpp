#include "pipeline/report/broken.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/kernel_identity.h"

namespace btfbatch {
namespace {

bool is_trouble(RelocationState state) {
  return state == RelocationState::kBroken || state == RelocationState::kAmbiguous;
}

// Indices of kernels with a result, by distro and arch, then by version.
std::vector<std::size_t> kernels_in_series(const RunSummary& run) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < run.kernels.size(); ++i) {
    if (run.kernels[i].result != AnswerTable::kNoResult) {
      order.push_back(i);
    }
  }
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    const KernelIdentity& left = run.kernels[a].identity;
    const KernelIdentity& right = run.kernels[b].identity;
    const auto series = std::tie(left.distro, left.arch) <=> std::tie(right.distro, right.arch);
    return series != 0 ? series < 0
                       : compare_kernel_releases(left.kernel_release, right.kernel_release) < 0;
  });
  return order;
}

// Follows one distro and arch at a time.
class Finder {
 public:
  explicit Finder(const RunSummary& run) : answers_(run.answers) {
    const std::vector<std::size_t> order = kernels_in_series(run);
    for (std::size_t i = 0; i < order.size(); ++i) {
      const KernelOutcome& kernel = run.kernels[order[i]];
      const auto in_same_series = [&](std::size_t other) {
        const KernelIdentity& identity = run.kernels[order[other]].identity;
        return identity.distro == kernel.identity.distro && identity.arch == kernel.identity.arch;
      };
      const bool is_first = i == 0 || !in_same_series(i - 1);
      const bool is_last = i + 1 == order.size() || !in_same_series(i + 1);
      add(kernel, i, is_first, is_last);
    }
  }

  std::vector<BrokenRelocation> finish() {
    std::vector<BrokenRelocation> all;
    for (auto& [key, found] : found_) {
      found.relocation.programs.assign(found.programs.begin(), found.programs.end());
      all.push_back(std::move(found.relocation));
    }
    return all;
  }

 private:
  struct Found {
    BrokenRelocation relocation;
    std::set<std::uint32_t> programs;
    std::size_t latest = 0;  // place in the order of the latest kernel
  };

  void add(const KernelOutcome& kernel, std::size_t place, bool is_first, bool is_last) {
    for (std::uint32_t object = 0; object < answers_.objects.size(); ++object) {
      const ObjectReport* report = answers_.report(kernel.result, object);
      if (report == nullptr) {
        continue;
      }
      for (const Trouble& trouble : report->troubles) {
        Found& found = found_[{object, trouble.relocation}];
        note_sites(found, object, trouble.relocation, *report);
        extend(found, kernel.identity, trouble, place, is_first);
        found.relocation.spans.back().has_last = is_last;
      }
    }
  }

  void note_sites(Found& found, std::uint32_t object, std::uint32_t relocation,
                  const ObjectReport& report) const {
    found.relocation.object = object;
    found.relocation.relocation = relocation;
    const std::vector<RelocationSite>& sites = answers_.objects[object].sites;
    for (std::size_t i = 0; i < sites.size(); ++i) {
      if (sites[i].relocation == relocation && is_trouble(report.sites[i])) {
        found.programs.insert(sites[i].program);
        found.relocation.state = std::max(found.relocation.state, report.sites[i]);
      }
    }
  }

  static void extend(Found& found, const KernelIdentity& kernel, const Trouble& trouble,
                     std::size_t place, bool is_first) {
    std::vector<BrokenSpan>& spans = found.relocation.spans;
    const bool goes_on = !spans.empty() && !is_first && found.latest + 1 == place &&
                         spans.back().reason == trouble.reason &&
                         spans.back().instead == trouble.instead;
    if (!goes_on) {
      spans.push_back({.distro = kernel.distro,
                       .arch = kernel.arch,
                       .from = kernel.kernel_release,
                       .to = {},
                       .kernels = 0,
                       .has_first = is_first,
                       .has_last = false,
                       .reason = trouble.reason,
                       .instead = trouble.instead});
    }
    spans.back().to = kernel.kernel_release;
    ++spans.back().kernels;
    ++found.relocation.kernels;
    found.latest = place;
  }

  const AnswerTable& answers_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Found> found_;  // by object and relocation
};

// Only an offset is added to a pointer, so only it can have a joined path.
std::string_view shown_path_of(const ObjectNeeds& object, const BrokenAccess& access) {
  std::string_view shown;
  for (const BrokenRelocation& each : access) {
    const RelocationNeed& relocation = object.relocations[each.relocation];
    if (relocation.kind != RelocationKind::kFieldByteOffset) continue;
    if (!shown.empty() && shown != relocation.shown_path()) return relocation.path;
    shown = relocation.shown_path();
  }
  return shown.empty() ? object.relocations[access.front().relocation].path : shown;
}

}  // namespace

std::vector<BrokenRelocation> find_broken(const RunSummary& run) {
  return Finder(run).finish();
}

std::size_t count_broken_kernels(const RunSummary& run) {
  return static_cast<std::size_t>(std::ranges::count_if(run.kernels, [&](const auto& kernel) {
    if (kernel.result == AnswerTable::kNoResult) {
      return false;
    }
    for (std::size_t object = 0; object < run.answers.objects.size(); ++object) {
      const ObjectReport* report = run.answers.report(kernel.result, object);
      if (report != nullptr && !report->troubles.empty()) {
        return true;
      }
    }
    return false;
  }));
}

NotJudged count_not_judged(const RunSummary& run) {
  std::set<std::size_t> objects;
  NotJudged found;
  for (const KernelOutcome& kernel : run.kernels) {
    if (kernel.result == AnswerTable::kNoResult) {
      continue;
    }
    bool any = false;
    for (std::size_t object = 0; object < run.answers.objects.size(); ++object) {
      if (run.answers.report(kernel.result, object) == nullptr) {
        objects.insert(object);
        any = true;
      }
    }
    found.kernels += any ? 1 : 0;
  }
  found.objects = objects.size();
  return found;
}

std::vector<BrokenAccess> group_by_access(const AnswerTable& answers,
                                          std::vector<BrokenRelocation> broken) {
  std::vector<BrokenAccess> accesses;
  std::map<std::pair<std::uint32_t, std::string_view>, std::vector<std::size_t>> known;
  for (BrokenRelocation& relocation : broken) {
    const std::string& path =
        answers.objects[relocation.object].relocations[relocation.relocation].path;
    std::vector<std::size_t>& of_path = known[{relocation.object, path}];
    const auto same = std::ranges::find_if(of_path, [&](std::size_t access) {
      const BrokenRelocation& first = accesses[access].front();
      return first.state == relocation.state && first.programs == relocation.programs &&
             first.spans == relocation.spans;
    });
    if (same != of_path.end()) {
      accesses[*same].push_back(std::move(relocation));
    } else {
      of_path.push_back(accesses.size());
      accesses.push_back({std::move(relocation)});
    }
  }
  return accesses;
}

std::string describe_place(const AnswerTable& answers, const BrokenAccess& access) {
  const BrokenRelocation& broken = access.front();
  const ObjectNeeds& object = answers.objects[broken.object];
  const RelocationNeed& relocation = object.relocations[broken.relocation];
  std::string programs;
  for (const std::uint32_t program : broken.programs) {
    programs += programs.empty() ? "" : ", ";
    programs += program == RelocationSite::kNoProgram
                    ? fmt::format("{}+{:#x}", relocation.section, relocation.instruction)
                    : object.programs[program].name;
  }
  std::vector<std::string_view> kinds;
  for (const BrokenRelocation& each : access) {
    const std::string_view kind = relocation_kind_name(object.relocations[each.relocation].kind);
    if (std::ranges::find(kinds, kind) == kinds.end()) {
      kinds.push_back(kind);
    }
  }
  std::string place = fmt::format("{}: {}: {} ({})", object.name, programs,
                                  shown_path_of(object, access), fmt::join(kinds, ", "));
  if (!relocation.source.file.empty()) {
    place += fmt::format(", {}:{}", relocation.source.file, relocation.source.line);
  }
  return place;
}

std::string describe_span(const BrokenSpan& span) {
  std::string text = span.distro;
  if (!span.arch.empty()) {
    text += " " + span.arch;
  }
  text += " " + span.from;
  if (span.to != span.from) {
    text += fmt::format(" to {}", span.to);
  }
  text +=
      fmt::format(" ({} kernel{}): {}", span.kernels, span.kernels == 1 ? "" : "s", span.reason);
  if (!span.instead.text.empty()) {
    text += fmt::format("; {}", span.instead.text);
  }
  return text;
}

std::vector<std::size_t> kernels_by_version(const RunSummary& run) {
  std::vector<std::size_t> order(run.kernels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
    const KernelIdentity& left = run.kernels[a].identity;
    const KernelIdentity& right = run.kernels[b].identity;
    if (left.distro != right.distro) {
      return left.distro < right.distro;
    }
    if (const int release = compare_kernel_releases(left.release, right.release); release != 0) {
      return release < 0;
    }
    if (left.arch != right.arch) {
      return left.arch < right.arch;
    }
    return compare_kernel_releases(left.kernel_release, right.kernel_release) < 0;
  });
  return order;
}

}  // namespace btfbatch
