#include "cli/diff_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <tuple>
#include <vector>

#include "cli/page.h"
#include "cli/text.h"
#include "cli/units.h"

namespace btfbatch::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostNames = 4;
constexpr std::size_t kMostLines = 50;  // of a list in Markdown

std::string some_of(const std::vector<std::string>& names) {
  const std::size_t shown = std::min(names.size(), kMostNames);
  std::string text = fmt::format("{}", fmt::join(std::span(names).first(shown), ", "));
  if (shown < names.size()) {
    text += fmt::format(" and {} more", names.size() - shown);
  }
  return text;
}

std::string describe(const ChangedAnswer& answer) {
  const std::string what = fmt::format("{}: {}{}{} ({})", answer.object, some_of(answer.programs),
                                       answer.programs.empty() ? "" : ": ", answer.path,
                                       relocation_kind_name(answer.kind));
  if (answer.before.empty()) {
    return fmt::format("+ {}: {}", what, answer.after);
  }
  if (answer.after.empty()) {
    return fmt::format("- {}: {}", what, answer.before);
  }
  return fmt::format("  {}: {} -> {}", what, answer.before, answer.after);
}

// Relocations that ask for the same in the same programs and break alike, told as one: to read one
// bitfield takes six.
struct Access {
  const NewlyBroken* first = nullptr;
  std::string_view path;  // the joined one, where there is one
  std::vector<std::string_view> kinds;
};

std::vector<Access> group_by_access(const std::vector<NewlyBroken>& relocations) {
  std::vector<Access> accesses;
  const auto key = [](const NewlyBroken& broken) {
    return std::tie(broken.object, broken.path, broken.programs, broken.reason, broken.instead,
                    broken.kernels);
  };
  for (const NewlyBroken& broken : relocations) {
    const auto same = std::ranges::find_if(
        accesses, [&](const Access& access) { return key(*access.first) == key(broken); });
    Access& access =
        same != accesses.end() ? *same : accesses.emplace_back(Access{&broken, broken.path, {}});
    if (!broken.joined_path.empty()) {
      access.path = broken.joined_path;
    }
    access.kinds.push_back(relocation_kind_name(broken.kind));
  }
  return accesses;
}

std::string describe(const Access& access) {
  const NewlyBroken& broken = *access.first;
  std::string text =
      fmt::format("{}: {}{}{} ({})", broken.object, fmt::join(broken.programs, ", "),
                  broken.programs.empty() ? "" : ": ", access.path, fmt::join(access.kinds, ", "));
  if (!broken.source.file.empty()) {
    text += fmt::format(", {}:{}", broken.source.file, broken.source.line);
  }
  return text;
}

std::string why(const NewlyBroken& broken) {
  return broken.instead.empty() ? broken.reason
                                : fmt::format("{}; {}", broken.reason, broken.instead);
}

std::vector<std::string> lines_of(const std::vector<NewlyBroken>& relocations, bool says_why) {
  std::vector<std::string> lines;
  for (const Access& access : group_by_access(relocations)) {
    const NewlyBroken& broken = *access.first;
    lines.push_back(describe(access));
    if (says_why && !broken.reason.empty()) {
      lines.push_back("  " + why(broken));
    }
    lines.push_back(fmt::format("  on {}: {}", format_count(broken.kernels.size(), "kernel"),
                                some_of(broken.kernels)));
  }
  return lines;
}

std::vector<std::string> lines_of(const std::vector<ChangedAnswer>& answers) {
  std::vector<std::string> lines;
  for (const ChangedAnswer& answer : answers) {
    lines.push_back(describe(answer));
  }
  return lines;
}

void add_list(Page& page, std::string_view label, const std::vector<std::string>& lines) {
  if (!lines.empty()) {
    page.row(label, lines.size());
    page.list(lines);
  }
}

// Names come from files: Markdown must not take them for its own signs.
std::string code(std::string_view text) {
  std::string inner;
  for (const char c : printable(text)) {
    inner += c == '`' ? '\'' : c;
  }
  return "`" + inner + "`";
}

void add_markdown_list(std::string& text, std::string_view title,
                       const std::vector<std::string>& names, std::string_view lead = "") {
  if (names.empty()) {
    return;
  }
  text += fmt::format("<details><summary>{} ({})</summary>\n\n{}", title, names.size(), lead);
  for (const std::string& name : std::span(names).first(std::min(names.size(), kMostLines))) {
    text += fmt::format("- {}\n", code(name));
  }
  if (names.size() > kMostLines) {
    text += fmt::format("- and {} more\n", names.size() - kMostLines);
  }
  text += "\n</details>\n\n";
}

void add_markdown_table(std::string& text, std::string_view title,
                        const std::vector<NewlyBroken>& relocations) {
  if (relocations.empty()) {
    return;
  }
  text += fmt::format(
      "#### {} ({})\n\n| object | program | asks for | where | why | kernels |\n"
      "| --- | --- | --- | --- | --- | --- |\n",
      title, relocations.size());
  const auto cell = [](std::string_view value) {
    std::string escaped;
    for (const char c : value.empty() ? std::string(" ") : code(value)) {
      escaped += c == '|' ? std::string("\\|") : std::string(1, c);
    }
    return escaped;
  };
  const std::vector<Access> accesses = group_by_access(relocations);
  for (const Access& access : std::span(accesses).first(std::min(accesses.size(), kMostLines))) {
    const NewlyBroken& broken = *access.first;
    const std::string place = broken.source.file.empty()
                                  ? std::string()
                                  : fmt::format("{}:{}", broken.source.file, broken.source.line);
    text += fmt::format("| {} | {} | {} | {} | {} | {}: {} |\n", cell(broken.object),
                        cell(fmt::format("{}", fmt::join(broken.programs, ", "))),
                        cell(access.path), cell(place), cell(why(broken)), broken.kernels.size(),
                        cell(some_of(broken.kernels)));
  }
  if (accesses.size() > kMostLines) {
    text += fmt::format("\nand {} more\n", accesses.size() - kMostLines);
  }
  text += "\n";
}

std::string short_markdown(const ManifestDiff& diff) {
  std::size_t changed = 0;
  for (const ChangedResults& results : diff.changed) {
    changed += results.kernels.size();
  }
  return fmt::format(
      "### btfbatch: {}\n\n{} added, {} gone, {} changed, {} unchanged, {} newly failed, "
      "{} no longer failed; {} newly broken, {} mended\n\n",
      diff.newly_broken.empty() ? "nothing newly broken" : "newly broken relocations",
      format_count(diff.added_kernels.size(), "kernel"), diff.gone_kernels.size(), changed,
      diff.unchanged, diff.newly_failed.size(), diff.no_longer_failed.size(),
      format_count(diff.newly_broken.size(), "relocation"), diff.mended.size());
}

Json json_of(const NewlyBroken& broken) {
  Json json = {{"object", broken.object},
               {"programs", broken.programs},
               {"path", broken.path},
               {"kind", relocation_kind_name(broken.kind)}};
  if (!broken.joined_path.empty()) {
    json["joined_path"] = broken.joined_path;
  }
  if (!broken.source.file.empty()) {
    json["file"] = broken.source.file;
    json["line"] = broken.source.line;
  }
  if (!broken.reason.empty()) {
    json["reason"] = broken.reason;
  }
  if (!broken.instead.empty()) {
    json["instead"] = broken.instead;
  }
  json["kernels"] = broken.kernels;
  return json;
}

Json json_of(const std::vector<NewlyBroken>& relocations) {
  Json list = Json::array();
  for (const NewlyBroken& broken : relocations) {
    list.push_back(json_of(broken));
  }
  return list;
}

Json json_of(const ChangedAnswer& answer) {
  return {{"object", answer.object},
          {"programs", answer.programs},
          {"path", answer.path},
          {"kind", relocation_kind_name(answer.kind)},
          {"before", answer.before.empty() ? Json() : Json(answer.before)},
          {"after", answer.after.empty() ? Json() : Json(answer.after)}};
}

}  // namespace

std::string diff_text(const ManifestDiff& diff) {
  Page page("use --json to see all");
  page.headline("Kernels");
  add_list(page, "added", diff.added_kernels);
  add_list(page, "gone", diff.gone_kernels);
  add_list(page, "newly failed", diff.newly_failed);
  add_list(page, "recovered", diff.no_longer_failed);
  page.row("unchanged", diff.unchanged);
  if (!diff.added_objects.empty() || !diff.gone_objects.empty()) {
    page.headline("Objects");
    add_list(page, "added", diff.added_objects);
    add_list(page, "gone", diff.gone_objects);
  }
  page.headline("Results");
  if (diff.changed.empty()) {
    page.row("changed", std::size_t{0});
  }
  for (const ChangedResults& results : diff.changed) {
    page.row("changed", format_count(results.kernels.size(), "kernel") + ": " +
                            printable(some_of(results.kernels)));
    std::vector<std::string> lines = lines_of(results.answers);
    if (lines.empty()) {
      lines.emplace_back(diff.has_answers ? "no relocation has another answer"
                                          : "which relocations made it is not in the manifests");
    }
    page.list(lines);
  }
  page.headline("Relocations");
  page.row("newly broken", diff.newly_broken.size());
  page.list(lines_of(diff.newly_broken, true));
  page.row("mended", diff.mended.size());
  page.list(lines_of(diff.mended, false));
  return std::move(page).text();
}

std::string diff_markdown(const ManifestDiff& diff) {
  std::string text = short_markdown(diff);
  add_markdown_table(text, "Newly broken", diff.newly_broken);
  add_markdown_table(text, "Mended", diff.mended);
  for (const ChangedResults& results : diff.changed) {
    const std::string title =
        fmt::format("Changed on {}", format_count(results.kernels.size(), "kernel"));
    if (results.answers.empty()) {
      add_markdown_list(text, title, results.kernels);
    } else {
      add_markdown_list(text, title, lines_of(results.answers),
                        fmt::format("on {}:\n\n", code(some_of(results.kernels))));
    }
  }
  add_markdown_list(text, "Kernels added", diff.added_kernels);
  add_markdown_list(text, "Kernels gone", diff.gone_kernels);
  add_markdown_list(text, "Kernels newly failed", diff.newly_failed);
  add_markdown_list(text, "Kernels no longer failed", diff.no_longer_failed);
  add_markdown_list(text, "Objects added", diff.added_objects);
  add_markdown_list(text, "Objects gone", diff.gone_objects);
  return text;
}

Json diff_json(const ManifestDiff& diff) {
  Json changed = Json::array();
  for (const ChangedResults& results : diff.changed) {
    Json answers = Json::array();
    for (const ChangedAnswer& answer : results.answers) {
      answers.push_back(json_of(answer));
    }
    changed.push_back({{"kernels", results.kernels}, {"answers", std::move(answers)}});
  }
  return {{"format_version", 1},
          {"has_answers", diff.has_answers},
          {"kernels",
           {{"added", diff.added_kernels},
            {"gone", diff.gone_kernels},
            {"failed", diff.newly_failed},
            {"no_longer_failed", diff.no_longer_failed},
            {"unchanged", diff.unchanged}}},
          {"objects", {{"added", diff.added_objects}, {"gone", diff.gone_objects}}},
          {"changed", std::move(changed)},
          {"newly_broken", json_of(diff.newly_broken)},
          {"mended", json_of(diff.mended)}};
}

}  // namespace btfbatch::cli
