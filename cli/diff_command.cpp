#include "cli/diff_command.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "cli/command_line.h"
#include "cli/diff_text.h"
#include "cli/exit_code.h"
#include "cli/text.h"
#include "pipeline/file.h"
#include "pipeline/manifest.h"
#include "pipeline/output_folder.h"

namespace btfbatch::cli {
namespace {

HelpTexts diff_texts() {
  return {
      .description =
          R"(btfbatch diff compares the manifests of two runs: kernels added and gone, results that changed and
which relocations made them, relocations that break where they did not. Kernels are the same by
their path in the archive, relocations by object, program, kind and access path. Of a kernel that
failed in one of both runs no more is said than that; but what is broken on one that failed in the
earlier run counts as newly broken, as on a kernel that was added. An object that was given by
another path, as of a build in another folder, is known by its file's name, where that is there once
in each run.

Example:
  btfbatch diff yesterday/btfbatch.json btfs/btfbatch.json --markdown
)",
      .usage = "btfbatch diff OLD/btfbatch.json NEW/btfbatch.json [--json | --markdown]",
      .footer = R"(Exit codes:
  0    compared, whatever has changed
  1    wrong usage; a manifest cannot be read
  2    something is newly broken, with --fail-on-broken
  3    standard output could not be written)"};
}

Result<Manifest> load(const std::filesystem::path& path) {
  const Result<std::string> text = read_file(path, kLargestDocument);
  if (!text) {
    return fail_within(path.string(), text.error());
  }
  Result<Manifest> manifest = read_manifest(*text);
  if (!manifest) {
    return fail(
        fmt::format("{}: cannot be read as the btfbatch.json of an output: {}; give the "
                    "btfbatch.json of an --out",
                    path.string(), manifest.error().message));
  }
  return manifest;
}

}  // namespace

int diff_command(std::span<const std::string> arguments) {
  CommandLine line("diff", diff_texts());
  std::vector<std::filesystem::path> files;
  bool as_json = false;
  bool as_markdown = false;
  bool fails_on_broken = false;
  line.options().paths("MANIFEST", "", "The manifest of the earlier run, and that of the later.",
                       files);
  line.options().group("What comes out");
  line.options().flag("--json", "One JSON object; docs/json.md describes it.", as_json);
  line.options().flag("--markdown", "Markdown, for a comment on a pull request.", as_markdown);
  line.options().flag("--fail-on-broken", "Exit with 2 where something is newly broken.",
                      fails_on_broken);
  if (const auto read = line.parse(arguments); !read) {
    return print_answer(read.error());
  }
  if (files.size() != 2) {
    return print_answer(line.wrong_usage("give two manifests, the earlier one first"));
  }
  if (as_json && as_markdown) {
    return print_answer(line.wrong_usage("--json and --markdown contradict each other"));
  }
  std::array<Manifest, 2> manifests;
  for (std::size_t i = 0; i < files.size(); ++i) {
    Result<Manifest> manifest = load(files[i]);
    if (!manifest) {
      return print_answer(
          {kWrongUsage, fmt::format("btfbatch: error: {}\n", printable(manifest.error().message))});
    }
    manifests[i] = *std::move(manifest);
  }
  const ManifestDiff diff = diff_manifests(manifests[0], manifests[1]);
  if (as_json) {
    print(stdout,
          diff_json(diff).dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
              "\n");
  } else {
    print(stdout, as_markdown ? diff_markdown(diff) : diff_text(diff));
  }
  return fails_on_broken && !diff.newly_broken.empty() ? kSomeKernels : kAllWell;
}

}  // namespace btfbatch::cli
