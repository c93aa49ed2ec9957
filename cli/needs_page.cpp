#include "cli/needs_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/text.h"
#include "cli/units.h"

namespace btfbatch::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kWidestColumn = 44;
constexpr std::size_t kMostPlaces = 4;  // of one path in the source

std::string_view extern_kind_name(Extern::Kind kind) {
  static constexpr std::array<std::string_view, 4> kNames = {"config", "variable", "function",
                                                             "untyped_variable"};
  return kNames[static_cast<std::size_t>(kind)];
}

// Columns as wide as what stands in them, up to a limit.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], std::min(row[i].size(), kWidestColumn));
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line = "   ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += fmt::format(" {:<{}} ", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string file_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// "opensnoop.bpf.c:77, 91; core_fixes.h:12": each place once, in order.
std::string places(const std::vector<const RelocationNeed*>& needs) {
  std::vector<std::pair<std::string, std::uint32_t>> all;
  for (const RelocationNeed* need : needs) {
    if (need->source.file.empty()) {
      continue;
    }
    std::pair place(file_name(need->source.file), need->source.line);
    if (std::ranges::find(all, place) == all.end()) {
      all.push_back(std::move(place));
    }
  }
  std::ranges::sort(all);
  std::string text;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i == kMostPlaces) {
      return text + fmt::format(" and {} more", all.size() - i);
    }
    const bool same_file = i > 0 && all[i - 1].first == all[i].first;
    text += i == 0 ? "" : same_file ? ", " : "; ";
    text += same_file ? std::to_string(all[i].second)
                      : fmt::format("{}:{}", printable(all[i].first), all[i].second);
  }
  return text;
}

std::string relocations_text(const ObjectNeeds& needs) {
  std::map<RelocationKind, std::map<std::string, std::vector<const RelocationNeed*>>> by_kind;
  for (const RelocationNeed& need : needs.relocations) {
    by_kind[need.kind][need.shown_path()].push_back(&need);
  }
  std::string text = fmt::format("  relocations  {}\n", needs.relocations.size());
  for (const auto& [kind, by_path] : by_kind) {
    std::vector<std::vector<std::string>> rows;
    std::size_t count = 0;
    for (const auto& [path, asked] : by_path) {
      count += asked.size();
      rows.push_back({printable(path), fmt::format("{}x", asked.size()), places(asked)});
    }
    text += fmt::format("   {} ({})\n{}", relocation_kind_name(kind), count, aligned(rows));
  }
  return text;
}

std::string externs_text(const ObjectNeeds& needs) {
  if (needs.externs.empty()) {
    return "";
  }
  static constexpr std::array<std::string_view, 4> kKinds = {"kernel config", "typed ksym", "kfunc",
                                                             "ksym"};
  std::vector<std::vector<std::string>> rows;
  for (const Extern& symbol : needs.externs) {
    rows.push_back({std::string(kKinds[static_cast<std::size_t>(symbol.kind)]),
                    printable(symbol.name), printable(symbol.type), symbol.is_weak ? "weak" : ""});
  }
  return fmt::format("  externs      {}\n{}", rows.size(), aligned(rows));
}

std::string architecture_text(const ObjectNeeds& needs) {
  return needs.architecture.empty() ? "" : fmt::format("  architecture {}\n", needs.architecture);
}

std::string programs_text(const ObjectNeeds& needs) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<std::string>> bound;
  for (const ProgramNeed& program : needs.programs) {
    rows.push_back({printable(program.name), printable(program.section), program.type});
    if (!program.kernel_btf.empty()) {
      bound.push_back({printable(program.name), printable(program.kernel_btf)});
    }
  }
  std::string text = fmt::format("  programs     {}\n{}", rows.size(), aligned(rows));
  if (!bound.empty()) {
    text += fmt::format(
        "  kernel BTF   {} only where the kernel has BTF of its own, whatever BTF is given\n{}",
        bound.size() == 1 ? "1 program loads" : fmt::format("{} programs load", bound.size()),
        aligned(bound));
  }
  return text;
}

Json source_json(const SourcePlace& source) {
  if (source.file.empty()) {
    return nullptr;
  }
  return {{"file", source.file},
          {"line", source.line},
          {"column", source.column},
          {"text", source.text}};
}

Json object_json(const ObjectNeeds& needs, const ObjectSummary& summary) {
  std::vector<std::vector<std::string>> holders(needs.relocations.size());
  for (const RelocationSite& site : needs.sites) {
    if (site.program != RelocationSite::kNoProgram) {
      holders[site.relocation].push_back(needs.programs[site.program].name);
    }
  }
  Json programs = Json::array();
  for (const ProgramNeed& program : needs.programs) {
    programs.push_back({{"name", program.name},
                        {"section", program.section},
                        {"type", program.type},
                        {"needs_kernel_btf", program.kernel_btf}});
  }
  Json relocations = Json::array();
  for (std::size_t i = 0; i < needs.relocations.size(); ++i) {
    const RelocationNeed& need = needs.relocations[i];
    relocations.push_back({{"kind", relocation_kind_name(need.kind)},
                           {"path", need.path},
                           {"joined_path", need.joined_path},
                           {"section", need.section},
                           {"instruction", need.instruction},
                           {"function", need.function},
                           {"programs", holders[i]},
                           {"source", source_json(need.source)}});
  }
  Json externs = Json::array();
  for (const Extern& symbol : needs.externs) {
    externs.push_back({{"name", symbol.name},
                       {"kind", extern_kind_name(symbol.kind)},
                       {"type", symbol.type},
                       {"weak", symbol.is_weak}});
  }
  return {{"name", needs.name},
          {"found_in", summary.found_in},
          {"architecture", needs.architecture},
          {"programs", std::move(programs)},
          {"relocations", std::move(relocations)},
          {"externs", std::move(externs)},
          {"warnings", summary.warnings}};
}

}  // namespace

std::string needs_text(std::span<const ObjectNeeds> needs,
                       std::span<const ObjectSummary> summaries) {
  std::string text;
  for (std::size_t i = 0; i < needs.size(); ++i) {
    text += fmt::format("{}{}\n", i == 0 ? "" : "\n", printable(needs[i].name));
    text += architecture_text(needs[i]) + programs_text(needs[i]) + relocations_text(needs[i]) +
            externs_text(needs[i]);
    for (const std::string& warning : summaries[i].warnings) {
      text += fmt::format("  warning      {}\n", printable(warning));
    }
  }
  return text;
}

std::string needs_json(std::span<const ObjectNeeds> needs,
                       std::span<const ObjectSummary> summaries) {
  Json objects = Json::array();
  for (std::size_t i = 0; i < needs.size(); ++i) {
    objects.push_back(object_json(needs[i], summaries[i]));
  }
  const Json document = {{"format_version", kNeedsFormatVersion},
                         {"tool_version", BTFBATCH_VERSION},
                         {"objects", std::move(objects)}};
  // Names come from files, and need not be UTF-8.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace btfbatch::cli
