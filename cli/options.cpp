#include "cli/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/command_line.h"
#include "cli/common_options.h"
#include "cli/help.h"
#include "cli/option_table.h"
#include "cli/text.h"

namespace btfbatch::cli {
namespace {

namespace fs = std::filesystem;

std::string_view command_name(Command command) {
  switch (command) {
    case Command::kRun:
      return "run";
    case Command::kVerify:
      return "verify";
    case Command::kReport:
      return "report";
  }
  return "";
}

void define_inputs(OptionTable& table, Command command, RunOptions& run) {
  const bool is_run = command == Command::kRun;
  table.group("Input and output");
  table.path("--archive", "PATH",
             "Folder like BTFHub's archive, one tar of such a folder, or the file\n"
             "of one kernel (.btf.tar.xz, .tar.zst, .tar.gz, .btf, vmlinux), or a\n"
             "pack (btfbatch pack). Required.",
             run.archive);
  table.paths("--objs", "FILE...",
              "eBPF objects (*.bpf.o), executables that embed some, or folders of\n"
              "*.o files. Takes several; may be repeated. Required.",
              run.objects);
  table.only_in_config(command == Command::kReport);
  table.path("--out", "DIR",
             is_run ? "Where the result goes. An earlier result there is replaced, kernels\n"
                      "that have vanished from the archive included. Required, unless a\n"
                      "bundle is made."
                    : "What a run wrote. It is only read. Required.",
             run.out);
  table.only_in_config(!is_run);
  define_layout(table, run);
  table.only_in_config(false);
}

void define_bundles(OptionTable& table, Command command, BundleOptions& bundle) {
  table.group("Bundles, beside --out or instead of it");
  table.only_in_config(command != Command::kRun);
  table.paths("--bundle", "FILE...",
              "The whole result in one file; the same result gives the same bytes.\n"
              "The ending says which form:\n"
              "  .tar.gz, .tar.xz, .tar.zst   distro/release/arch/KERNEL.btf\n"
              "  .btfs   each BTF once, with an index: for 'btfbatch find', the C\n"
              "          library and the Go package",
              bundle.files);
  table.choice<BundleDedup>("--bundle-dedup", "HOW",
                            "How identical entries of a tar share their bytes (default: none):\n"
                            "  none      every entry whole; some readers know nothing else\n"
                            "  hardlink  hard links to the first\n"
                            "  symlink   symbolic links to the first",
                            {{"none", BundleDedup::kNone},
                             {"hardlink", BundleDedup::kHardlink},
                             {"symlink", BundleDedup::kSymlink}},
                            bundle.dedup);
  table.texts("--bundle-path", "TEMPLATE",
              "Other paths in a tar, such as '{distro}/{release}/{machine}/{kernel}.btf';\n"
              "{machine} is the arch as uname has it, {go_arch} as Go, {bpf_arch} as\n"
              "bpf2go; {arch} as the archive. At the end .btf.tar.xz instead of .btf\n"
              "packs each. DISTRO=TEMPLATE is for one distro alone; may be repeated.",
              bundle.paths);
  table.choice<BtfsCompression>(
      "--btfs-compression", "HOW",
      "zstd (default), or stored: what the C library and the Go package read\n"
      "in place.",
      {{"zstd", BtfsCompression::kZstd}, {"stored", BtfsCompression::kStored}},
      bundle.btfs_compression);
  table.path("--emit-object", "FILE.o",
             "An object file to link into a program, with a stored .btfs under the\n"
             "symbols btfbatch_btfs and btfbatch_btfs_size.",
             bundle.object_file);
  table.choice<std::optional<ElfMachine>>(
      "--object-arch", "ARCH",
      "The machine for --emit-object: x86_64, arm64, … (default: this one).", machine_choices(),
      bundle.object_machine);
  table.path("--emit-header", "FILE.h",
             "A C header that declares what --emit-object defines. Without that\n"
             "option, one that holds the bytes itself.",
             bundle.header_file);
  table.only_in_config(false);
}

void define_reports(OptionTable& table, Command command, Settings& settings) {
  table.group("What will break");
  table.only_in_config(command == Command::kVerify);
  table.path("--html", "FILE",
             "All objects on all kernels as one page for a browser: what breaks\n"
             "where and why, what the kernel has instead, what is saved.",
             settings.run.report.html);
  table.path("--json", "FILE", "The same for programs; docs/json.md describes it.",
             settings.run.report.json);
  table.choice<FailOn>("--fail-on", "WHAT",
                       "What makes the exit code 2, beside kernels that fail (default:\n"
                       "degraded); each includes those before:\n"
                       "  none       nothing else\n"
                       "  ambiguous  a relocation has no one answer on some kernel\n"
                       "  degraded   a kernel is degraded\n"
                       "  broken     a relocation that its program comes to finds nothing",
                       {{"broken", FailOn::kBroken},
                        {"ambiguous", FailOn::kAmbiguous},
                        {"degraded", FailOn::kDegraded},
                        {"none", FailOn::kNone}},
                       settings.fail_on);
  table.only_in_config(false);
}

void define_manner(OptionTable& table, Command command, RunOptions& run) {
  table.group("How it runs");
  define_limits(table, run);
  table.only_in_config(command != Command::kRun);
  table.flag("--verify",
             "Prove each result before it counts: replay every relocation against\n"
             "the full BTF and the minimized one, and read the output and bundles\n"
             "back. What is not proved is degraded. Does every kernel anew. Later,\n"
             "or elsewhere: btfbatch verify.",
             run.verify);
  table.only_in_config(command == Command::kVerify);
  table.flag("--fresh",
             command == Command::kReport
                 ? "Do every kernel anew, whatever --cache has."
                 : "Do every kernel anew. Otherwise a result that lies in --out is taken\n"
                   "over where neither the kernel's file nor what the objects ask has\n"
                   "changed since.",
             run.fresh);
  table.path("--cache", "DIR",
             "Take results over from this folder as well, and keep new ones there\n"
             "(with --fresh: only keep): for machines whose --out starts empty.\n"
             "Runs may share it. Files in it that were not used for long may be\n"
             "deleted at any time; who can write there decides what comes out.",
             run.cache);
  table.only_in_config(command != Command::kRun);
  table.flag("--strict",
             "Stop at the first kernel that fails or is degraded, and leave --out\n"
             "and bundles as they were.",
             run.strict);
  table.only_in_config(false);
}

void define_options(OptionTable& table, Command command, Settings& settings, fs::path& config) {
  define_inputs(table, command, settings.run);
  define_bundles(table, command, settings.run.bundle);
  define_reports(table, command, settings);
  define_filter(table, settings.run);
  define_manner(table, command, settings.run);
  define_messages(table, settings);

  table.group("Configuration");
  table.path("--config", "FILE",
             "TOML: any option above under its long name, such as\n"
             "  objs = [\"a.bpf.o\", \"b.bpf.o\"]\n"
             "  strict = true\n"
             "Relative paths start from the file's folder. The command line wins\n"
             "(a flag is taken back with --strict=false). One file serves all\n"
             "commands.",
             config);
}

Result<void> check_complete(const Settings& settings, Command command) {
  constexpr std::string_view kMissing =
      "{0} is missing: give {0} {1}, or '{2}' in a configuration file";
  if (settings.run.archive.empty()) {
    return fail(fmt::format(kMissing, "--archive", "PATH", "archive"));
  }
  if (settings.run.objects.empty()) {
    return fail(fmt::format(kMissing, "--objs", "FILE...", "objs"));
  }
  const bool makes_bundle = command == Command::kRun && settings.run.bundle.wants_any();
  if (settings.run.out.empty() && !makes_bundle && command != Command::kReport) {
    return fail(fmt::format(kMissing, "--out", "DIR", "out"));
  }
  if (settings.quiet && settings.verbose) {
    return fail("--quiet and --verbose contradict each other");
  }
  return {};
}

}  // namespace

std::expected<Settings, Answer> parse_options(std::span<const std::string> arguments,
                                              Command command) {
  Settings settings;
  fs::path config;
  CommandLine line(std::string(command_name(command)), help_texts(command));
  define_options(line.options(), command, settings, config);
  if (auto read = line.parse(arguments); !read) {
    return std::unexpected(read.error());
  }
  if (!config.empty()) {
    if (auto applied = line.apply_config(config); !applied) {
      return std::unexpected(applied.error());
    }
  }
  if (command == Command::kReport) {
    // What a configuration file says for a run.
    settings.run.report.only = true;
    settings.run.out.clear();
    settings.run.bundle = {};
    settings.run.verify = false;
    settings.run.strict = false;
  }
  if (auto complete = check_complete(settings, command); !complete) {
    return std::unexpected(line.wrong_usage(complete.error().message));
  }
  return settings;
}

Result<void> check_inputs(const RunOptions& options) {
  std::error_code problem;
  if (!fs::exists(options.archive, problem)) {
    return fail(fmt::format(
        "--archive: '{}' {}; clone BTFHub's archive or give its path", options.archive.string(),
        problem ? "cannot be reached: " + problem.message() : "does not exist"));
  }
  for (const fs::path& object : options.objects) {
    const std::string name = object.string();
    const fs::file_status status = fs::status(object, problem);
    if (!fs::exists(status)) {
      const bool is_glob = name.find_first_of("*?[") != std::string::npos;
      return fail(fmt::format("--objs: '{}' does not exist; {}", name,
                              is_glob ? "the shell found no file for this pattern"
                                      : "build the object first, or give its path"));
    }
    if (!fs::is_regular_file(status) && !fs::is_directory(status)) {
      return fail(fmt::format("--objs: '{}' is neither a file nor a folder", name));
    }
    if (::access(object.c_str(), R_OK) != 0) {
      return fail(fmt::format("--objs: '{}': {}", name, std::generic_category().message(errno)));
    }
  }
  return {};
}

}  // namespace btfbatch::cli
