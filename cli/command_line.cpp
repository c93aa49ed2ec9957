#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "cli/completion.h"
#include "cli/config.h"
#include "cli/help.h"
#include "cli/man_page.h"
#include "cli/text.h"

namespace btfbatch::cli {

CommandLine::CommandLine(std::string command, HelpTexts texts)
    : command_(std::move(command)), texts_(std::move(texts)) {
  app_.allow_extras();  // complain_about() knows better words than CLI11
}

std::expected<void, Answer> CommandLine::parse(std::span<const std::string> arguments) {
  app_.set_help_flag("-h,--help", "This page.")->group("Help");
  app_.set_version_flag("--version", "btfbatch " BTFBATCH_VERSION, "The version of btfbatch.")
      ->group("Help");
  set_help_page(app_, texts_);
  if (arguments.size() == 1 && arguments.front() == "--man-page") {
    return std::unexpected(Answer{kAllWell, man_page(command_, texts_, app_)});
  }
  if (arguments.size() == 1 && arguments.front() == "--completion-helper") {
    return std::unexpected(Answer{kAllWell, completion_lines(app_, table_.facts())});
  }
  const auto refuse = [this](std::string_view message) {
    return std::unexpected(wrong_usage(message));
  };

  try {
    // CLI11 takes the last argument first.
    app_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return std::unexpected(Answer{kAllWell, app_.help()});
  } catch (const CLI::CallForVersion& version) {
    return std::unexpected(Answer{kAllWell, std::string(version.what()) + "\n"});
  } catch (const CLI::ParseError& error) {
    return refuse(error.what());
  }
  if (const std::string option = table_.misplaced_option(); !option.empty()) {
    return refuse(
        fmt::format("{} is an option of 'btfbatch run', not of 'btfbatch {}'", option, command_));
  }
  if (const std::vector<std::string> extras = app_.remaining(); !extras.empty()) {
    return refuse(complain_about(extras.front()));
  }
  return {};
}

std::expected<void, Answer> CommandLine::apply_config(const std::filesystem::path& file) {
  if (const Result<void> applied = set_from_file(file); !applied) {
    return std::unexpected(wrong_usage(applied.error().message));
  }
  return {};
}

Answer CommandLine::wrong_usage(std::string_view message) const {
  return {kWrongUsage, fmt::format("btfbatch: error: {}\nSee 'btfbatch {}--help'.\n",
                                   printable(message), command_ == "run" ? "" : command_ + " ")};
}

std::string CommandLine::complain_about(const std::string& extra) const {
  if (extra.size() < 2 || extra.front() != '-') {
    return fmt::format("'{}' is neither an option nor the value of one", extra);
  }
  std::vector<std::string> names;
  for (const CLI::Option* option : app_.get_options()) {
    if (option->get_group().empty()) {
      continue;  // of another command
    }
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  const std::string name = extra.substr(0, extra.find('='));
  return fmt::format("unknown option '{}'; the nearest known one is '{}'", name,
                     nearest_name(name, names));
}

Result<void> CommandLine::set_from_file(const std::filesystem::path& file) {
  std::vector<ConfigKey> keys = table_.config_keys();
  std::erase_if(keys, [](const ConfigKey& key) { return key.name == "config"; });
  const Result<std::vector<ConfigEntry>> entries = read_config(file, keys);
  if (!entries) {
    return std::unexpected(entries.error());
  }
  const auto is_given = [](const CLI::Option* option) { return option->count() > 0; };
  std::set<const CLI::Option*> given;
  for (const CLI::Option* option : app_.get_options(is_given)) {
    given.insert(option);
  }
  table_.begin_config_file();
  for (const ConfigEntry& entry : *entries) {
    CLI::Option* option = app_.get_option("--" + entry.name);
    const auto& opposites = option->get_excludes();
    if (entry.values.empty() || given.contains(option) ||
        std::ranges::any_of(opposites, [&](const auto* other) { return given.contains(other); })) {
      continue;
    }
    try {
      option->add_result(entry.values);
      option->run_callback();
    } catch (const CLI::Error& error) {
      return fail(fmt::format("{}:{}: {}", file.string(), entry.line, error.what()));
    }
  }
  return {};
}

}  // namespace btfbatch::cli
