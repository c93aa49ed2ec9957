#include "cli/common_options.h"

namespace btfbatch::cli {

void define_layout(OptionTable& table, RunOptions& run) {
  table.choice<Layout>("--layout", "LAYOUT",
                       "How identical results share their bytes (default: symlink):\n"
                       "  symlink   relative links to the first path, which holds the file\n"
                       "  hardlink  one file under many names\n"
                       "  copy      a file for each path\n"
                       "  indexed   blobs/CONTENT_ID.btf and index.json; no links at all",
                       {{"symlink", Layout::kSymlink},
                        {"hardlink", Layout::kHardlink},
                        {"copy", Layout::kCopy},
                        {"indexed", Layout::kIndexed}},
                       run.layout);
}

void define_filter(OptionTable& table, RunOptions& run) {
  table.group("Which kernels (each may be repeated; default: all)");
  table.texts("--arch", "GLOB", "As in the path; arm64 is aarch64, and x86_64 is amd64.",
              run.filter.arch);
  table.texts("--distro", "GLOB", "First folder of the path: ubuntu", run.filter.distro);
  table.texts("--release", "GLOB", "Second folder of the path: '20.*'", run.filter.release);
  table.texts("--kernel", "CONDITION",
              "Range or glob over `uname -r`: '>=4.18', '>=4.18,<5.10', '*-aws'.\n"
              "Every range must hold; of several globs, one is enough.",
              run.filter.kernel);
  table.texts("--include", "GLOB", "Over the whole path in the archive; '*' also matches '/'.",
              run.filter.include);
  table.texts("--exclude", "GLOB", "The same; wins over --include.", run.filter.exclude);
}

void define_limits(OptionTable& table, RunOptions& run) {
  table.jobs("-j,--jobs", "Threads of the whole process (default: one for each core).", run.jobs);
  table.size("--max-btf-size",
             "A kernel whose BTF is larger fails: bytes, or KiB, MiB, GiB\n"
             "(default: 256MiB).",
             run.max_btf_size);
}

void define_messages(OptionTable& table, Settings& settings) {
  table.group("Messages");
  table.choice<ProgressMode>(
      "--progress", "WHEN",
      "Progress on standard error (default: auto):\n"
      "  auto    one live line on a terminal, elsewhere a log line every 10 s\n"
      "  always  one live line (with --log-format json: log lines)\n"
      "  never   none",
      {{"auto", ProgressMode::kAuto},
       {"always", ProgressMode::kAlways},
       {"never", ProgressMode::kNever}},
      settings.progress);
  CLI::Option* quiet =
      table.flag("-q,--quiet", "Errors only; no progress, no summary.", settings.quiet);
  table.flag("-v,--verbose", "A line for each kernel.", settings.verbose)->excludes(quiet);
  table.choice<LogFormat>("--log-format", "FORMAT",
                          "text (default), or json: each message, and the closing summary, as\n"
                          "one JSON object a line on standard error, with the fields time, level\n"
                          "and message, and more by kind of message.",
                          {{"text", LogFormat::kText}, {"json", LogFormat::kJson}},
                          settings.log_format);
}

}  // namespace btfbatch::cli
