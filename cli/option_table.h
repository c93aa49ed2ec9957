// One table of options for the command line and for configuration files.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/config.h"
#include "core/elf/relocatable.h"
#include "core/error.h"

namespace btfbatch::cli {

template <class T>
using Choices = std::vector<std::pair<std::string_view, T>>;

// The machines that ELF files can be written for, under all their names.
[[nodiscard]] Choices<std::optional<ElfMachine>> machine_choices();

// What a shell and a man page are told of an option.
struct OptionFacts {
  const CLI::Option* option = nullptr;
  ConfigShape shape{};
  std::string shown;                 // what help calls the value; empty for a flag
  std::vector<std::string> choices;  // the values it may take, where they are few
};

// Defines options in a CLI::App and remembers which of them a configuration file may hold. Values
// are taken as text and converted here, so that a value from either source meets the same rules and
// the same messages. The targets, and the app, are borrowed.
class OptionTable {
 public:
  explicit OptionTable(CLI::App& app) : app_(app) {}

  [[nodiscard]] const std::vector<ConfigKey>& config_keys() const { return config_keys_; }

  // Headline over the options that follow.
  void group(std::string name) { group_ = std::move(name); }

  // Whether the options that follow are for configuration files alone: one file may serve several
  // commands, each of which passes over what only others need. Help does not show them.
  void only_in_config(bool only) { is_foreign_ = only; }

  // The first of those that stands on the command line; empty where none does.
  [[nodiscard]] std::string misplaced_option() const;

  // Values from here on come from a file, where a leading '-' is no mistake.
  void begin_config_file() { on_command_line_ = false; }

  // Every option of this command, in the order of its definition.
  [[nodiscard]] const std::vector<OptionFacts>& facts() const { return facts_; }

  // `name` is "--archive" or "-j,--jobs", `shown` what help calls the value: "FILE" or "PATH",
  // "DIR" for a folder alone, "FILE..." where several may follow. A name without dashes ("OBJ", or
  // "OBJ..." for several) is for the arguments that belong to no option; its `shown` is ignored,
  // and no configuration file holds it.
  CLI::Option* path(const std::string& name, const std::string& shown, const std::string& help,
                    std::filesystem::path& target);
  void paths(const std::string& name, const std::string& shown, const std::string& help,
             std::vector<std::filesystem::path>& target);
  void texts(const std::string& name, const std::string& shown, const std::string& help,
             std::vector<std::string>& target);
  void jobs(const std::string& name, const std::string& help, unsigned& target);
  void size(const std::string& name, const std::string& help, std::uint64_t& target);
  CLI::Option* flag(const std::string& name, const std::string& help, bool& target);

  template <class T>
  void choice(const std::string& name, const std::string& shown, const std::string& help,
              Choices<T> choices, T& target) {
    std::vector<std::string> all;
    for (const auto& choice : choices) {
      all.emplace_back(choice.first);
    }
    define(name, ConfigShape::kText, shown, help,
           [&target, choices = std::move(choices)](const auto& values) -> Result<void> {
             std::vector<std::string_view> names;
             for (const auto& [choice_name, value] : choices) {
               if (choice_name == values.front()) {
                 target = value;
                 return {};
               }
               names.push_back(choice_name);
             }
             return fail(fmt::format("'{}' is none of {}", values.front(), fmt::join(names, ", ")));
           });
    if (!is_foreign_) {
      facts_.back().choices = std::move(all);
    }
  }

 private:
  using Setter = std::function<Result<void>(const std::vector<std::string>& values)>;

  CLI::Option* define(const std::string& name, ConfigShape shape, const std::string& shown,
                      const std::string& help, Setter set);
  void remember(CLI::Option* option, ConfigShape shape, std::string shown);

  CLI::App& app_;
  std::vector<ConfigKey> config_keys_;
  std::vector<OptionFacts> facts_;
  std::vector<const CLI::Option*> foreign_;
  std::string group_ = "Options";
  bool is_foreign_ = false;
  bool on_command_line_ = true;
};

}  // namespace btfbatch::cli
