#include "cli/wrap_command.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "cli/answer.h"
#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/option_table.h"
#include "cli/text.h"
#include "core/elf/wrap.h"
#include "pipeline/file.h"
#include "pipeline/staged_file.h"

namespace btfbatch::cli {
namespace {

constexpr std::uint64_t kLargestBtf = 1ULL << 30;  // bytes; the largest kernel's BTF has 27 MB

HelpTexts help_texts() {
  return {
      .description =
          R"(btfbatch wrap makes of a BTF file the smallest ELF file that libbpf, cilium/ebpf, bpftool and
pahole take for a kernel image with types. Loaders that are not told where a BTF lies look for such a
file, in /boot/vmlinux-KERNEL (KERNEL as `uname -r` has it) and some other places.

Example:
  btfbatch wrap btfs/debian/12/x86_64/6.1.0-50-amd64.btf -o /boot/vmlinux-6.1.0-50-amd64
)",
      .usage = "btfbatch wrap FILE -o vmlinux-KERNEL [--arch ARCH]",
      .footer = R"(Exit codes:
  0    the file is written, in one step
  1    wrong usage, or FILE is missing or no BTF
  3    the file could not be written)"};
}

struct WrapSettings {
  std::filesystem::path file;
  std::filesystem::path output;
  std::optional<ElfMachine> machine;
};

std::expected<WrapSettings, Answer> parse(std::span<const std::string> arguments) {
  WrapSettings settings;
  CommandLine line("wrap", help_texts());
  OptionTable& options = line.options();
  options.path("FILE", "", "The BTF to wrap.", settings.file);
  options.path("-o,--output", "FILE", "The file to write; one that is there is replaced. Required.",
               settings.output);
  options.choice<std::optional<ElfMachine>>(
      "--arch", "ARCH",
      "The machine whose kernel it is: x86_64, arm64, i386, arm, ppc64le, riscv64\n"
      "or s390x (default: this one). Readers of types take the size of pointers\n"
      "from it, and nothing else.",
      machine_choices(), settings.machine);
  if (auto read = line.parse(arguments); !read) {
    return std::unexpected(read.error());
  }
  if (settings.file.empty()) {
    return std::unexpected(line.wrong_usage("FILE is missing: the BTF to wrap"));
  }
  if (settings.output.empty()) {
    return std::unexpected(
        line.wrong_usage("-o is missing: where to write, such as /boot/vmlinux-KERNEL"));
  }
  return settings;
}

Result<void> write(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  Result<StagedFile> file = StagedFile::make(path);
  if (!file) {
    return std::unexpected(std::move(file).error());
  }
  Result<void> done = file->write(bytes);
  if (done) {
    done = file->sync();
  }
  return done ? file->place() : done;
}

int fail_with(ExitCode code, const Error& error) {
  return print_answer({code, fmt::format("btfbatch: error: {}\n", printable(error.message))});
}

}  // namespace

int wrap_command(std::span<const std::string> arguments) {
  const auto settings = parse(arguments);
  if (!settings) {
    return print_answer(settings.error());
  }
  const Result<std::string> btf = read_file(settings->file, kLargestBtf);
  const Result<std::vector<std::byte>> wrapped =
      btf ? wrap_btf(bytes_of(*btf), settings->machine) : std::unexpected(btf.error());
  if (!wrapped) {
    return fail_with(kWrongUsage, Error(wrapped.error()).within(settings->file.string()));
  }
  if (Result<void> written = write(settings->output, *wrapped); !written) {
    return fail_with(kNothingWritten, written.error());
  }
  return kAllWell;
}

}  // namespace btfbatch::cli
