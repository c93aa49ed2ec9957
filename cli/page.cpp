#include "cli/page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "cli/text.h"
#include "cli/units.h"

namespace btfbatch::cli {
namespace {

constexpr std::size_t kLongestList = 20;
constexpr std::size_t kLongestPackedList = 80;
constexpr std::size_t kPackedColumns = 92;
constexpr std::size_t kMostReasons = 3;

}  // namespace

void Page::headline(std::string_view text) {
  text_ += fmt::format("{}\n", text);
}

void Page::row(std::string_view label, std::string_view value) {
  text_ += fmt::format("  {:<13}{}\n", label, value);
}

void Page::row(std::string_view label, std::size_t count) {
  row(label, std::to_string(count));
}

void Page::list(std::span<const std::string> lines) {
  const std::size_t shown = std::min(lines.size(), kLongestList);
  for (const std::string& line : lines.first(shown)) {
    text_ += fmt::format("    {}\n", printable(line));
  }
  point_to_more(lines.size() - shown);
}

void Page::packed_list(std::span<const std::string> words, std::size_t hanging) {
  const std::size_t shown = std::min(words.size(), kLongestPackedList);
  std::string line;
  for (std::size_t i = 0; i < shown; ++i) {
    const std::string word = printable(words[i]) + (i + 1 < words.size() ? "," : "");
    if (!line.empty() && line.size() + word.size() > kPackedColumns) {
      text_ += fmt::format("   {}\n", line);
      line.assign(hanging, ' ');
    }
    line += " " + word;
  }
  text_ += fmt::format("   {}\n", line);
  point_to_more(words.size() - shown);
}

void Page::point_to_more(std::size_t left_out) {
  if (left_out > 0) {
    text_ += fmt::format("    … and {} more, {}\n", left_out, printable(more_));
  }
}

void Page::objects(std::span<const ObjectSummary> objects, std::size_t relocations,
                   std::size_t distinct_relocations) {
  std::map<std::string, std::size_t> inside;  // file → how many objects were found in it
  std::vector<std::string> warnings;
  std::vector<std::string> needless;
  std::vector<std::vector<std::string>> bound;  // programs that no BTF of ours helps, by object
  std::size_t bound_count = 0;
  for (const ObjectSummary& object : objects) {
    if (!object.found_in.empty()) {
      ++inside[object.found_in];
    }
    if (!object.has_btf_ext) {
      needless.push_back(object.name + ": has no .BTF.ext and needs nothing of a kernel");
    }
    if (!object.kernel_btf_programs.empty()) {
      bound.push_back(object.kernel_btf_programs);
      bound.back().front().insert(0, object.name + ": ");
      bound_count += object.kernel_btf_programs.size();
    }
    for (const std::string& warning : object.warnings) {
      warnings.push_back(object.name + ": " + warning);
    }
  }
  std::vector<std::string> found;
  found.reserve(inside.size());
  for (const auto& [file, count] : inside) {
    found.push_back(count == 1 ? file : fmt::format("{} ({} objects)", file, count));
  }

  headline("Objects");
  row("read", objects.size());
  row("relocations", fmt::format("{}, {} of them distinct", relocations, distinct_relocations));
  if (!found.empty()) {
    row("found inside", format_count(found.size(), "other file"));
    packed_list(found);
  }
  if (!needless.empty()) {
    row("maps only", needless.size());
    list(needless);
  }
  if (!bound.empty()) {
    row("kernel BTF", format_count(bound_count, "program") +
                          " for kernels with BTF of their own only; 'btfbatch inspect' says more");
    for (const std::vector<std::string>& programs : bound) {
      packed_list(programs, 2);
    }
  }
  if (!warnings.empty()) {
    row("warnings", warnings.size());
    list(warnings);
  }
}

nlohmann::ordered_json objects_json(std::span<const ObjectSummary> objects, std::size_t relocations,
                                    std::size_t distinct_relocations) {
  auto list = nlohmann::ordered_json::array();
  for (const ObjectSummary& object : objects) {
    list.push_back({{"name", object.name},
                    {"found_in", object.found_in},
                    {"relocations", object.relocations},
                    {"kernel_btf_programs", object.kernel_btf_programs},
                    {"warnings", object.warnings}});
  }
  return {{"read", objects.size()},
          {"relocations", relocations},
          {"distinct_relocations", distinct_relocations},
          {"list", std::move(list)}};
}

std::string reasons_in_one_line(std::span<const std::string> reasons) {
  const std::size_t shown = std::min(reasons.size(), kMostReasons);
  std::string line = fmt::format("{}", fmt::join(reasons.first(shown), "; "));
  if (shown < reasons.size()) {
    line += fmt::format("; and {}", format_count(reasons.size() - shown, "more reason"));
  }
  return line;
}

}  // namespace btfbatch::cli
