#include "cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

#include "cli/commands.h"

namespace btfbatch::cli {
namespace {

std::string_view kind_of(const OptionFacts& facts) {
  if (!facts.choices.empty()) {
    return "choice";
  }
  switch (facts.shape) {
    case ConfigShape::kFlag:
      return "flag";
    case ConfigShape::kPath:
      return facts.shown == "DIR" ? "folder" : "file";
    case ConfigShape::kPaths:
      return "files";
    case ConfigShape::kText:
    case ConfigShape::kTexts:
    case ConfigShape::kNumber:
    case ConfigShape::kSize:
      break;
  }
  return "text";
}

std::string names_of(const CLI::Option& option) {
  if (option.get_positional()) {
    return option.get_name(true, false);
  }
  std::string names;
  for (const std::string& name : option.get_snames()) {
    names += (names.empty() ? "-" : " -") + name;
  }
  for (const std::string& name : option.get_lnames()) {
    names += (names.empty() ? "--" : " --") + name;
  }
  return names;
}

}  // namespace

std::string completion_lines(const CLI::App& app, std::span<const OptionFacts> facts) {
  std::string lines;
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_positional() && option->get_group().empty()) {
      continue;  // of another command
    }
    const auto known = std::ranges::find(facts, option, &OptionFacts::option);
    const OptionFacts none{option, ConfigShape::kFlag, "", {}};  // --help and --version
    const OptionFacts& fact = known == facts.end() ? none : *known;
    if (fact.shown == "COMMAND") {
      for (const CommandEntry& entry : commands()) {
        lines += fmt::format("{}|command||{}\n", entry.name, entry.summary);
      }
      continue;
    }
    const std::string& help = option->get_description();
    lines += fmt::format("{}|{}|{}|{}\n", names_of(*option), kind_of(fact),
                         fmt::join(fact.choices, " "), help.substr(0, help.find('\n')));
  }
  return lines;
}

}  // namespace btfbatch::cli
