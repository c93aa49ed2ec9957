#include "cli/help.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

namespace btfbatch::cli {
namespace {

constexpr const char* kDescription =
    R"(btfbatch writes, for every kernel of a BTFHub archive, the smallest BTF that a set of eBPF objects
needs, and stores identical results once.

Example:
  btfbatch --archive btfhub-archive --objs *.bpf.o --out btfs/
)";

constexpr const char* kUsage =
    "Usage: btfbatch [run] --archive PATH --objs FILE... --out DIR [OPTIONS]\n\n";

constexpr const char* kFooter = R"(Exit codes:
  0    all well
  1    wrong usage or configuration; an input is missing or broken; no kernel passes the filters
  2    some kernels failed or were degraded, all others are written; or --strict stopped the run
  3    nothing could be written
  130  stopped by SIGINT (143: by SIGTERM); --out is left as it was

Manifest:
  DIR/btfbatch.json names every kernel with its identity, content id, sizes, outcome and reasons,
  and every object with its relocations. README.md describes its fields.)";

class Page : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* /*app*/, std::string /*name*/) const override {
    return kUsage;
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
};

}  // namespace

void set_help_page(CLI::App& app) {
  constexpr std::size_t kOptionColumns = 26;
  auto page = std::make_shared<Page>();
  page->column_width(kOptionColumns);
  app.formatter(page);
  app.description(kDescription);
  app.footer(kFooter);
}

}  // namespace btfbatch::cli
