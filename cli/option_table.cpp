#include "cli/option_table.h"

#include <algorithm>

#include "cli/units.h"

namespace btfbatch::cli {
namespace {

constexpr std::uint64_t kMostJobs = 1024;

}  // namespace

Choices<std::optional<ElfMachine>> machine_choices() {
  Choices<std::optional<ElfMachine>> choices;
  for (const ElfMachineName& known : elf_machine_names()) {
    choices.emplace_back(known.name, known.machine);
  }
  return choices;
}

std::string OptionTable::misplaced_option() const {
  const auto given =
      std::ranges::find_if(foreign_, [](const CLI::Option* option) { return option->count() > 0; });
  return given == foreign_.end() ? std::string() : "--" + (*given)->get_lnames().front();
}

CLI::Option* OptionTable::path(const std::string& name, const std::string& shown,
                               const std::string& help, std::filesystem::path& target) {
  return define(name, ConfigShape::kPath, shown, help, [&target](const auto& values) {
    target = values.front();
    return Result<void>();
  });
}

void OptionTable::paths(const std::string& name, const std::string& shown, const std::string& help,
                        std::vector<std::filesystem::path>& target) {
  define(name, ConfigShape::kPaths, shown, help, [&target](const auto& values) {
    target.assign(values.begin(), values.end());
    return Result<void>();
  })->allow_extra_args();
}

void OptionTable::texts(const std::string& name, const std::string& shown, const std::string& help,
                        std::vector<std::string>& target) {
  define(name, ConfigShape::kTexts, shown, help, [&target](const auto& values) {
    target = values;
    return Result<void>();
  });
}

void OptionTable::jobs(const std::string& name, const std::string& help, unsigned& target) {
  define(name, ConfigShape::kNumber, "N", help, [&target](const auto& values) {
    const Result<std::uint64_t> number = parse_number(values.front(), 0, kMostJobs);
    target = static_cast<unsigned>(number.value_or(0));
    return number ? Result<void>() : std::unexpected(number.error());
  });
}

void OptionTable::size(const std::string& name, const std::string& help, std::uint64_t& target) {
  define(name, ConfigShape::kSize, "SIZE", help, [&target](const auto& values) {
    const Result<std::uint64_t> bytes = parse_size(values.front());
    target = bytes.value_or(0);
    return bytes ? Result<void>() : std::unexpected(bytes.error());
  });
}

CLI::Option* OptionTable::flag(const std::string& name, const std::string& help, bool& target) {
  CLI::Option* option = app_.add_flag(name, target, help);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  remember(option, ConfigShape::kFlag, "");
  return option;
}

CLI::Option* OptionTable::define(const std::string& name, ConfigShape shape,
                                 const std::string& shown, const std::string& help, Setter set) {
  const bool has_dashes = name.starts_with('-');
  const std::string long_name = has_dashes ? name.substr(name.find("--")) : name;
  const bool many = shape == ConfigShape::kTexts || shape == ConfigShape::kPaths;
  auto take = [this, long_name, set = std::move(set)](const CLI::results_t& values) {
    for (const std::string& value : values) {
      // CLI11 gives an option that needs a value whatever follows it.
      if (on_command_line_ && value.size() > 1 && value.front() == '-') {
        throw CLI::ValidationError(
            long_name, fmt::format("needs a value, and '{0}' looks like another option; a name "
                                   "that begins with '-' is written './{0}'",
                                   value));
      }
    }
    if (auto result = set(values); !result) {
      throw CLI::ValidationError(long_name, result.error().message);
    }
    return true;
  };
  CLI::Option* option = app_.add_option(name, std::move(take), help);
  option->option_text(has_dashes ? shown : "")->type_name(shown);
  if (many) {
    option->expected(-1)->allow_extra_args(false);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  remember(option, shape, has_dashes ? shown : name);
  return option;
}

void OptionTable::remember(CLI::Option* option, ConfigShape shape, std::string shown) {
  option->group(is_foreign_ ? "" : group_);  // CLI11 hides what is in no group
  if (is_foreign_) {
    foreign_.push_back(option);
  } else {
    facts_.push_back({option, shape, std::move(shown), {}});
  }
  if (!option->get_lnames().empty()) {
    config_keys_.push_back({option->get_lnames().front(), shape});
  }
}

}  // namespace btfbatch::cli
