#include "cli/find_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/answer.h"
#include "cli/exit_code.h"
#include "cli/find_options.h"
#include "cli/find_summary.h"
#include "cli/text.h"
#include "core/error.h"
#include "pipeline/file.h"
#include "pipeline/find_place.h"
#include "pipeline/read_write.h"
#include "pipeline/staged_file.h"

namespace btfbatch::cli {
namespace {

int refuse(ExitCode code, std::string_view message) {
  print(stderr, fmt::format("btfbatch: error: {}\n", printable(message)));
  return code;
}

// All of a file of any kind, such as one that a shell makes of `<(ssh HOST cat /etc/os-release)`.
Result<std::string> read_os_release(const std::filesystem::path& path) {
  constexpr std::size_t kMost = 64U << 10;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) {
    return fail(fmt::format("--os-release {}: {}", path.string(), errno_text(errno)));
  }
  std::string text(kMost + 1, '\0');
  const Result<std::size_t> got = read_all(file, std::as_writable_bytes(std::span(text)));
  if (!got) {
    return fail(fmt::format("--os-release {}: {}", path.string(), got.error().message));
  }
  if (*got > kMost) {
    return fail(fmt::format("--os-release {}: is larger than any such file", path.string()));
  }
  text.resize(*got);
  return text;
}

template <std::size_t kSize>
Result<void> put_name(std::string_view option, const std::string& value, char (&field)[kSize]) {
  if (value.empty()) {
    return {};
  }
  if (value.size() >= kSize) {
    return fail(fmt::format("{}: '{}' is longer than any such name", option, value));
  }
  std::memcpy(field, value.c_str(), value.size() + 1);
  return {};
}

Result<btfbatch_host> host_of(const FindSettings& settings) {
  std::error_code error;
  if (!settings.root.empty() && !std::filesystem::is_directory(settings.root, error)) {
    return fail(fmt::format("--root {}: {}", settings.root.string(),
                            error ? error.message() : "is not a folder"));
  }
  btfbatch_host host;
  const char* const root = settings.root.empty() ? nullptr : settings.root.c_str();
  if (btfbatch_host_read(&host, root) != BTFBATCH_OK) {
    return fail(fmt::format("{}/etc/os-release: {}", settings.root.string(), errno_text(errno)));
  }
  if (!settings.os_release.empty()) {
    const Result<std::string> text = read_os_release(settings.os_release);
    if (!text) {
      return std::unexpected(text.error());
    }
    (void)btfbatch_host_parse(&host, text->data(), text->size());
  }
  if (auto put = put_name("--kernel", settings.kernel_release, host.kernel_release); !put) {
    return std::unexpected(put.error());
  }
  if (auto put = put_name("--arch", settings.machine, host.machine); !put) {
    return std::unexpected(put.error());
  }
  return host;
}

void add_trial(void* context, const btfbatch_trial* trial) {
  std::string key;
  if (trial->distro != nullptr) {
    key = fmt::format("{}/{}/{}/{}", trial->distro, trial->release, trial->arch,
                      trial->kernel_release);
  }
  static_cast<std::vector<Trial>*>(context)->push_back(
      {.key = std::move(key), .hit = trial->hit != 0, .why = trial->why});
}

// Asks the library. Fails where `place` cannot be read or the host makes no sense.
Result<Finding> search(const FindPlace& place, const FindSettings& settings) {
  const Result<btfbatch_host> host = host_of(settings);
  if (!host) {
    return std::unexpected(host.error());
  }
  Finding finding;
  finding.host = *host;
  const btfbatch_options options = {.nearest = settings.nearest ? 1 : 0,
                                    .explain = settings.explain ? add_trial : nullptr,
                                    .context = &finding.trials};
  finding.status = place.find(finding.host, options, *finding.found);
  if (finding.status == BTFBATCH_SYSTEM) {
    return fail(fmt::format("--from {}: {}", settings.from.string(), errno_text(errno)));
  }
  if (finding.status == BTFBATCH_INVALID) {
    return fail("--kernel or --arch: no such name can be in an archive");
  }
  if (finding.is_found()) {
    finding.name = place.name_of(*finding.found);
  }
  return finding;
}

// Everything but the answer itself goes to standard error.
void tell(const Finding& finding, const FindPlace& place, const FindSettings& settings) {
  if (settings.json) {
    print(stdout, find_json(finding, place, settings.explain)
                          .dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
                      "\n");
  } else if (settings.explain) {
    print(stderr, find_explanation(finding));
  }
  if (!finding.is_found()) {
    refuse(kSomeKernels, find_failure(finding, settings));
  } else if (finding.found->how == BTFBATCH_BY_NEIGHBORS) {
    print(stderr, fmt::format("btfbatch: warning: {}\n", printable(neighbors_warning(finding))));
  }
  if (finding.is_found() && !settings.json && settings.output.empty()) {
    print(stdout, printable(finding.name) + "\n");
  }
}

Result<void> write_btf(const FindSettings& settings, const std::string& btf) {
  if (settings.writes_to_stdout()) {
    print(stdout, btf);
    return {};
  }
  Result<StagedFile> file = StagedFile::make(settings.output);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (auto written = file->write(bytes_of(btf)); !written) {
    return written;
  }
  if (auto synced = file->sync(); !synced) {
    return synced;
  }
  return file->place();
}

}  // namespace

int find_command(std::span<const std::string> arguments) {
  const auto settings = parse_find_options(arguments);
  if (!settings) {
    return print_answer(settings.error());
  }
  if (settings->writes_to_stdout() && ::isatty(STDOUT_FILENO) != 0) {
    return refuse(kWrongUsage, "'-o -' writes binary data, and standard output is a terminal");
  }
  const Result<FindPlace> place = FindPlace::open(settings->from);
  if (!place) {
    return refuse(kWrongUsage, "--from " + place.error().message);
  }
  const Result<Finding> finding = search(*place, *settings);
  if (!finding) {
    return refuse(kWrongUsage, finding.error().message);
  }
  tell(*finding, *place, *settings);
  if (!finding->is_found()) {
    return kSomeKernels;
  }
  if (!settings->output.empty()) {
    const Result<std::string> btf = place->read(*finding->found);
    if (!btf) {
      return refuse(kWrongUsage, "--from " + btf.error().message);
    }
    if (const Result<void> written = write_btf(*settings, *btf); !written) {
      return refuse(kNothingWritten, "--output: " + written.error().message);
    }
  }
  return kAllWell;
}

}  // namespace btfbatch::cli
