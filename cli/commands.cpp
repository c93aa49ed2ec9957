#include "cli/commands.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "cli/command_line.h"
#include "cli/diff_command.h"
#include "cli/find_command.h"
#include "cli/inspect_command.h"
#include "cli/pack_command.h"
#include "cli/run_command.h"
#include "cli/text.h"
#include "cli/unpack_command.h"
#include "cli/verify_command.h"
#include "cli/wrap_command.h"

namespace btfbatch::cli {
namespace {

int help_command(std::span<const std::string> arguments);

constexpr std::array kCommands = {
    CommandEntry{"run", "writes the smallest BTF for every kernel (the default)", run_command},
    CommandEntry{"verify", "proves that an output is right for an archive and objects",
                 verify_command},
    CommandEntry{"find", "tells which BTF of an output is the right one for a host", find_command},
    CommandEntry{"report", "says what will break on which kernels", report_command},
    CommandEntry{"diff", "says what has changed between two runs", diff_command},
    CommandEntry{"pack", "puts a whole archive into one small file", pack_command},
    CommandEntry{"unpack", "gives back the BTF of every kernel of a pack", unpack_command},
    CommandEntry{"wrap", "makes of a BTF file the vmlinux that loaders look for in /boot",
                 wrap_command},
    CommandEntry{"inspect", "shows what objects need of a kernel, without looking at any",
                 inspect_command},
    CommandEntry{"help", "shows the page of a command", help_command},
};

const CommandEntry* entry_of(std::string_view name) {
  const auto* entry = std::ranges::find(kCommands, name, &CommandEntry::name);
  return entry == kCommands.end() ? nullptr : entry;
}

int no_such_command(std::string_view name) {
  constexpr std::size_t kMostEdits = 2;
  std::vector<std::string> names;
  for (const CommandEntry& entry : kCommands) {
    names.emplace_back(entry.name);
  }
  const std::string nearest = nearest_name(name, names, kMostEdits);
  return print_answer(
      {kWrongUsage,
       fmt::format("btfbatch: no command '{}'{}\nSee 'btfbatch --help'.\n", printable(name),
                   nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest))});
}

int help_command(std::span<const std::string> arguments) {
  std::vector<std::string> name;
  CommandLine line("help", {.description = "btfbatch help shows the page of a command, as its "
                                           "--help does.\n\nExample:\n  btfbatch help verify\n",
                            .usage = "btfbatch help [COMMAND]",
                            .footer = "Exit codes:\n  0    all well\n  1    no such command\n"
                                      "  3    standard output could not be written"});
  line.options().texts("COMMAND", "", "Whose page to show (default: run).", name);
  if (const auto read = line.parse(arguments); !read) {
    return print_answer(read.error());
  }
  const CommandEntry* entry = entry_of(name.empty() ? "run" : name.front());
  const std::vector<std::string> help{"--help"};
  return entry == nullptr ? no_such_command(name.front()) : entry->run(help);
}

}  // namespace

std::span<const CommandEntry> commands() {
  return kCommands;
}

int dispatch(std::span<const std::string> arguments) {
  if (arguments.empty() || arguments.front().starts_with('-')) {
    return run_command(arguments);
  }
  const CommandEntry* entry = entry_of(arguments.front());
  return entry == nullptr ? no_such_command(arguments.front()) : entry->run(arguments.subspan(1));
}

}  // namespace btfbatch::cli
