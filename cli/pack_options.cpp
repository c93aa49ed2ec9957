#include "cli/pack_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "cli/command_line.h"
#include "cli/common_options.h"
#include "core/error.h"

namespace btfbatch::cli {
namespace {

HelpTexts pack_texts() {
  return {
      .description =
          R"(btfbatch pack puts every kernel of an archive into one file, losslessly, in a few per cent of the
size of the archive, since kernels of one series differ little. The file can be given as --archive
wherever an archive can; nothing then waits for xz. 'btfbatch unpack' gives every BTF back.

Example:
  btfbatch pack --archive btfhub-archive --out hub.btfpack
  btfbatch pack --archive btfhub-archive --base hub.btfpack --out hub.btfpack    # the next day
  btfbatch --archive hub.btfpack --objs *.bpf.o --out btfs/
  btfbatch pack --check hub.btfpack
)",
      .usage =
          "btfbatch pack --archive PATH --out FILE [--base FILE] [OPTIONS]\n"
          "       btfbatch pack --list|--stats|--check FILE [--json]",
      .footer = R"(Exit codes:
  0    all well
  1    wrong usage; an input is missing or broken; no kernel passes the filters
  2    some kernels could not be read, all others are packed; --check: something is damaged
  3    nothing could be written
  130  stopped by SIGINT (143: by SIGTERM); --out is left as it was

Beside --out as much disk space as the archive takes is needed until it is done.)"};
}

HelpTexts unpack_texts() {
  return {
      .description =
          R"(btfbatch unpack writes the whole BTF of every kernel of a pack, byte for byte as it was packed, under
the path that the kernel had in the archive: distro/release/arch/KERNEL.btf. What was not BTF, what
could not be read and what other paths led to a kernel stands in DIR/btfbatch.json. Nothing outside of
DIR is touched, and each file is there whole or not at all.

Example:
  btfbatch unpack --archive hub.btfpack --out btf/ --distro ubuntu --release 20.04
)",
      .usage = "btfbatch unpack --archive PATH --out DIR [OPTIONS]",
      .footer = R"(Exit codes:
  0    all well
  1    wrong usage; an input is missing or broken; no kernel passes the filters
  2    some kernels are damaged or could not be read, all others are written
  3    nothing could be written
  130  stopped by SIGINT (143: by SIGTERM); --out is left as it was)"};
}

// The first given option that a job which looks into a pack does not heed; empty where all are.
std::string idle_option(const OptionTable& table, PackAction action) {
  for (const OptionFacts& fact : table.facts()) {
    constexpr std::array<std::string_view, 8> kHeeded = {
        "list", "stats", "check", "json", "progress", "quiet", "verbose", "log-format"};
    const std::string name = fact.option->get_lnames().front();
    const bool is_heeded = std::ranges::find(kHeeded, name) != kHeeded.end() ||
                           (name == "jobs" && action == PackAction::kCheck);
    if (fact.option->count() > 0 && !is_heeded) {
      return "--" + name;
    }
  }
  return {};
}

Result<void> check_pack_options(PackSettings& settings, const OptionTable& table,
                                const std::array<std::filesystem::path, 3>& examined) {
  constexpr std::array kActions = {PackAction::kList, PackAction::kStats, PackAction::kCheck};
  std::size_t count = 0;
  for (std::size_t i = 0; i < kActions.size(); ++i) {
    if (!examined[i].empty()) {
      ++count;
      settings.action = kActions[i];
      settings.pack = examined[i];
    }
  }
  const bool makes = !settings.common.run.archive.empty() || !settings.common.run.out.empty() ||
                     !settings.base.empty();
  if (count > 1 || (count == 1 && makes)) {
    return fail("--list, --stats, --check and --archive are different jobs: give one of them");
  }
  if (count == 1) {
    if (const std::string idle = idle_option(table, settings.action); !idle.empty()) {
      return fail(
          fmt::format("{} has no effect on {}: leave it out", idle,
                      idle == "--jobs" ? "--list and --stats" : "--list, --stats and --check"));
    }
  }
  if (count == 0) {
    if (settings.common.run.archive.empty()) {
      return fail("--archive is missing: give --archive PATH, what is to be packed");
    }
    if (settings.common.run.out.empty()) {
      return fail("--out is missing: give --out FILE, such as --out hub.btfpack");
    }
    if (settings.json) {
      return fail("--json is for --list, --stats and --check; here it is --log-format json");
    }
    settings.pack = std::exchange(settings.common.run.out, {});
  }
  if (settings.common.quiet && settings.common.verbose) {
    return fail("--quiet and --verbose contradict each other");
  }
  return {};
}

}  // namespace

std::expected<PackSettings, Answer> parse_pack_options(std::span<const std::string> arguments) {
  PackSettings settings;
  RunOptions& run = settings.common.run;
  std::array<std::filesystem::path, 3> examined;
  CommandLine line("pack", pack_texts());
  OptionTable& table = line.options();
  table.group("Making a pack");
  table.path("--archive", "PATH",
             "What is to be packed: a folder like BTFHub's archive, a tar of one, the\n"
             "file of one kernel, or another pack.",
             run.archive);
  table.path("--out", "FILE",
             "The pack: hub.btfpack. An earlier one there is replaced at the end, in\n"
             "one step; whoever is reading it goes on reading the old one.",
             run.out);
  table.path("--base", "FILE",
             "An earlier pack, which may be that of --out: only kernels that are new\n"
             "or have changed since are coded, the others taken over as they are. A\n"
             "kernel that is gone still takes space while others are coded against it:\n"
             "pack anew without --base now and then.",
             settings.base);
  table.group("Looking into one");
  table.path("--list", "FILE", "Every kernel with its sizes and the XXH3-128 of its BTF.",
             examined[0]);
  table.path("--stats", "FILE", "Every series with its kernels, raw, xz and packed sizes.",
             examined[1]);
  table.path("--check", "FILE", "Decodes every kernel and compares all checksums.", examined[2]);
  table.flag("--json", "As JSON, on standard output; docs/json.md describes it.", settings.json);
  define_filter(table, run);
  table.group("How it runs");
  define_limits(table, run);
  define_messages(table, settings.common);
  if (auto read = line.parse(arguments); !read) {
    return std::unexpected(read.error());
  }
  if (auto checked = check_pack_options(settings, table, examined); !checked) {
    return std::unexpected(line.wrong_usage(checked.error().message));
  }
  return settings;
}

std::expected<Settings, Answer> parse_unpack_options(std::span<const std::string> arguments) {
  Settings settings;
  RunOptions& run = settings.run;
  run.whole = true;
  CommandLine line("unpack", unpack_texts());
  OptionTable& table = line.options();
  table.group("Input and output");
  table.path("--archive", "PATH", "The pack, or any other archive. Required.", run.archive);
  table.path("--out", "DIR",
             "Where the files go. Those of an earlier unpack there that are still\n"
             "right are left alone, those that have vanished are removed. Required.",
             run.out);
  define_layout(table, run);
  define_filter(table, run);
  table.group("How it runs");
  define_limits(table, run);
  define_messages(table, settings);
  if (auto read = line.parse(arguments); !read) {
    return std::unexpected(read.error());
  }
  const auto refuse = [&line](std::string_view message) {
    return std::unexpected(line.wrong_usage(message));
  };
  if (run.archive.empty()) {
    return refuse("--archive is missing: give --archive FILE, the pack");
  }
  if (run.out.empty()) {
    return refuse("--out is missing: give --out DIR");
  }
  if (settings.quiet && settings.verbose) {
    return refuse("--quiet and --verbose contradict each other");
  }
  return settings;
}

}  // namespace btfbatch::cli
