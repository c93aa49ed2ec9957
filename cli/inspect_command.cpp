#include "cli/inspect_command.h"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/needs_page.h"
#include "cli/text.h"
#include "pipeline/cores.h"
#include "pipeline/objects.h"

namespace btfbatch::cli {
namespace {

HelpTexts texts() {
  return {
      .description =
          R"(btfbatch inspect shows what eBPF objects need of a kernel, without looking at any: their programs,
their CO-RE relocations with the places in the source that ask, the names they take from the kernel
(its configuration, its symbols and functions), and the programs that no external BTF helps, since
they need a kernel that has BTF of its own (CONFIG_DEBUG_INFO_BTF).

Example:
  btfbatch inspect opensnoop.bpf.o
  btfbatch inspect --json /usr/sbin/opensnoop | jq '.objects[].relocations[].path'
)",
      .usage = "btfbatch inspect OBJ... [--json]",
      .footer = R"(Exit codes:
  0    all well
  1    wrong usage; an object is missing or broken
  3    standard output could not be written

Architecture:
  Where it is known, the object is judged on kernels of this architecture alone (btfbatch report):
  that of the executable that embeds it, or of the registers that it reads.

Relocations:
  A path is written as in C: task_struct.real_parent, sock.__sk_common.skc_family, request___old.tag
  (a flavor: a local shape of the kernel's struct request). A relocation ends at the first pointer:
  BPF_CORE_READ(task, real_parent, tgid) makes task_struct.real_parent and task_struct.tgid. Where
  the program is seen to come to the second by the first, that is shown with the whole path,
  task_struct.real_parent->tgid.

JSON:
  --json writes one object; docs/json.md describes its fields.)"};
}

}  // namespace

int inspect_command(std::span<const std::string> arguments) {
  std::vector<std::filesystem::path> objects;
  bool as_json = false;
  CommandLine line("inspect", texts());
  line.options().paths("OBJ...", "",
                       "eBPF objects (*.bpf.o), executables that embed some, or folders of\n"
                       "*.o files.",
                       objects);
  line.options().flag("--json", "The same as JSON.", as_json);
  if (const auto read = line.parse(arguments); !read) {
    return print_answer(read.error());
  }
  if (objects.empty()) {
    return print_answer(line.wrong_usage("no object given: btfbatch inspect OBJ..."));
  }
  const Result<LoadedObjects> loaded = load_objects(objects, available_cores());
  if (!loaded) {
    print(stderr, fmt::format("btfbatch: error: {}\n", printable(loaded.error().message)));
    return kWrongUsage;
  }
  const std::vector<ObjectNeeds> needs = needs_of(loaded->set);
  print(stdout,
        as_json ? needs_json(needs, loaded->summaries) : needs_text(needs, loaded->summaries));
  return kAllWell;
}

}  // namespace btfbatch::cli
