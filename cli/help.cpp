#include "cli/help.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"

namespace btfbatch::cli {
namespace {

std::string list_of_commands() {
  std::string list = "Commands (each has its own --help):\n";
  for (const CommandEntry& entry : commands()) {
    list += fmt::format("  {:<8} {}\n", entry.name, entry.summary);
  }
  return list;
}

HelpTexts run_texts() {
  return {
      .description =
          R"(btfbatch writes, for every kernel of a BTFHub archive, the smallest BTF that a set of eBPF objects
needs, and stores identical results once.

Example:
  btfbatch --archive btfhub-archive --objs *.bpf.o --out btfs/
  btfbatch --archive btfhub-archive --objs *.bpf.o --bundle btfs.tar.xz

)" + list_of_commands(),
      .usage = "btfbatch [run] --archive PATH --objs FILE... [--out DIR] [--bundle FILE] [OPTIONS]",
      .footer = R"(Exit codes:
  0    all well
  1    wrong usage or configuration; an input is missing or broken; no kernel passes the filters
  2    some kernels failed or were degraded, all others are written; or there is what --fail-on
       names; or --strict stopped the run
  3    nothing could be written; or not the summary, on standard output
  130  stopped by SIGINT (143: by SIGTERM); --out and bundles are left as they were

Manifest:
  DIR/btfbatch.json names every kernel with its identity, content id, sizes, outcome and reasons,
  and every object with its relocations. docs/json.md describes its fields.)"};
}

HelpTexts verify_texts() {
  return {
      .description =
          R"(btfbatch verify replays every relocation of every object twice, against the kernel's full BTF in
the archive and against the minimized BTF in DIR, and compares what a loader would patch. It also
says where DIR was made from other objects, another archive or by another version, which kernels it
lacks, and what lies in it that belongs to none. It writes nothing.

Example:
  btfbatch verify --archive btfhub-archive --objs *.bpf.o --out btfs/
)",
      .usage = "btfbatch verify --archive PATH --objs FILE... --out DIR [OPTIONS]",
      .footer = R"(Exit codes:
  0    all is proved
  1    wrong usage or configuration; an input is missing or broken; no kernel passes the filters
  2    something is not proved: see the summary
  3    a run is just writing into --out; standard output could not be written
  130  stopped by SIGINT (143: by SIGTERM))"};
}

HelpTexts report_texts() {
  return {
      .description =
          R"(btfbatch report says what every relocation of every object comes to on every kernel of an archive,
and writes no BTF. A relocation is
  resolved          found
  absent            the object asks whether it is there, and it is not
  guarded           missing, but the program does not come there on such a kernel
  probably guarded  missing; the program asks for it first, but its branches could not be followed
  broken            missing, and the program comes there: the verifier refuses it
  ambiguous         has no one answer: a loader refuses the object
An object that is for other machines than a kernel, by the executable that embeds it or by the
registers that it reads, is not judged on it.
'btfbatch run' takes --html, --json and --fail-on as well.

Example:
  btfbatch report --archive btfhub-archive --objs *.bpf.o --html report.html --fail-on broken
)",
      .usage =
          "btfbatch report --archive PATH --objs FILE... [--html FILE] [--json FILE] [OPTIONS]",
      .footer = R"(Exit codes:
  0    all well
  1    wrong usage or configuration; an input is missing or broken; no kernel passes the filters
  2    some kernels failed, or there is what --fail-on names; the report is written
  3    the report or standard output could not be written, or all kernels failed
  130  stopped by SIGINT (143: by SIGTERM))"};
}

class Page : public CLI::Formatter {
 public:
  explicit Page(std::string usage) : usage_(std::move(usage)) {}

  std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override {
    return "Usage: " + usage_ + "\n\n";
  }
  std::string make_positionals(const CLI::App* app) const override {
    const std::string list = Formatter::make_positionals(app);
    return list.empty() ? "" : list + "\n";
  }
  // The original adds words of its own about defaults and opposites.
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string& shown = option->get_option_text();
    return shown.empty() ? "" : " " + shown;
  }
  // The original puts two empty lines between groups.
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    std::string text = group + ":\n";
    for (const CLI::Option* option : options) {
      text += make_option(option, is_positional);
    }
    return text;
  }

 private:
  std::string usage_;
};

}  // namespace

void set_help_page(CLI::App& app, const HelpTexts& texts) {
  constexpr std::size_t kOptionColumns = 26;
  auto page = std::make_shared<Page>(texts.usage);
  page->column_width(kOptionColumns);
  page->label("Positionals", "Arguments");
  app.formatter(page);
  app.description(texts.description);
  app.footer(texts.footer);
}

HelpTexts help_texts(Command command) {
  switch (command) {
    case Command::kRun:
      return run_texts();
    case Command::kVerify:
      return verify_texts();
    case Command::kReport:
      return report_texts();
  }
  return {};
}

}  // namespace btfbatch::cli
