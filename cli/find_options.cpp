#include "cli/find_options.h"

#include <fmt/format.h>

#include <vector>

#include "cli/command_line.h"

namespace btfbatch::cli {
namespace {

HelpTexts find_texts() {
  return {
      .description =
          R"(btfbatch find tells which BTF of an output is the right one for a host: by default the one it runs
on. It knows the spellings (arm64 and aarch64, 8.4 and 8, focal and 20.04), tells a container's
os-release from the host's by the kernel release, and refuses to guess. The C library and the Go
package answer alike.

Examples:
  btfbatch find --from btfs/
  btfbatch find --from btfs.tar.xz --root /host -o /run/kernel.btf
  btfbatch find --from btfs.btfs --os-release FILE --kernel 5.4.0-58-generic --arch x86_64 --explain
)",
      .usage = "btfbatch find --from PATH [OPTIONS]",
      .footer =
          R"(Standard output has nothing but the answer: the path of the file, or the name of the entry in a
bundle; with --json one object, with '-o -' the BTF. All else goes to standard error.

Exit codes:
  0    found
  1    wrong usage; --from, or what is told of the host, is missing or broken
  2    not found, or several fit that differ and nothing says which is right: they are named
  3    -o or standard output could not be written)"};
}

struct Names {
  std::vector<std::string> kernel_release;
  std::vector<std::string> machine;
};

void define_options(OptionTable& table, FindSettings& settings, Names& names) {
  table.group("Where");
  table.path("--from", "PATH",
             "A folder that btfbatch wrote, in any layout, or a bundle: .btfs, .tar.gz,\n"
             ".tar.xz, .tar.zst. Required.",
             settings.from);
  table.path("-o,--output", "FILE",
             "Write the BTF there, whole or not at all; '-' is standard output. Without\n"
             "this only its path is told.",
             settings.output);

  table.group("For which host (default: this one)");
  CLI::Option* os_release =
      table.path("--os-release", "FILE", "Its /etc/os-release; '/dev/null': nothing is known.",
                 settings.os_release);
  table
      .path("--root", "DIR",
            "Read etc/os-release and usr/lib/os-release under this folder, where a\n"
            "container sees the host's files. Links in it stay in it.",
            settings.root)
      ->excludes(os_release);
  table.texts("--kernel", "RELEASE", "Its `uname -r`.", names.kernel_release);
  table.texts("--arch", "MACHINE", "Its `uname -m`, in any spelling.", names.machine);
  table.flag("--nearest",
             "Where the very kernel is not there: take the BTF of the next older and the\n"
             "next newer one of its series, if both have the same, and say so.",
             settings.nearest);

  table.group("What is told");
  table.flag("--explain", "Each key that is tried, in order, and why it is a hit or a miss.",
             settings.explain);
  table.flag("--json", "The answer as a JSON object. docs/json.md describes its fields.",
             settings.json);
}

}  // namespace

std::expected<FindSettings, Answer> parse_find_options(std::span<const std::string> arguments) {
  FindSettings settings;
  Names names;
  CommandLine line("find", find_texts());
  define_options(line.options(), settings, names);
  if (auto read = line.parse(arguments); !read) {
    return std::unexpected(read.error());
  }
  const auto refuse = [&line](std::string_view message) {
    return std::unexpected(line.wrong_usage(message));
  };
  if (settings.from.empty()) {
    return refuse("--from is missing: give --from PATH, a folder or a bundle that btfbatch wrote");
  }
  if (names.kernel_release.size() > 1 || names.machine.size() > 1) {
    return refuse("--kernel and --arch tell one host: each can be given once");
  }
  if (settings.json && settings.writes_to_stdout()) {
    return refuse("--json and '-o -' both want standard output");
  }
  settings.kernel_release = names.kernel_release.empty() ? "" : names.kernel_release.front();
  settings.machine = names.machine.empty() ? "" : names.machine.front();
  return settings;
}

}  // namespace btfbatch::cli
