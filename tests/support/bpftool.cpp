#include "tests/support/bpftool.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <system_error>

#include "tests/support/btf_bytes.h"
#include "tests/support/memory_file.h"

extern char** environ;

namespace btfbatch::test {
namespace {

void cut_empty_header_fields(std::vector<std::byte>& btf) {
  constexpr std::size_t kLonger = 32;
  if (btf.size() < kLonger || get_word(btf, 4) != kLonger) return;
  if (get_word(btf, 24) != 0 || get_word(btf, 28) != 0) return;
  set_word(btf, 4, btf::kHeaderSize);
  btf.erase(btf.begin() + btf::kHeaderSize, btf.begin() + kLonger);
}

}  // namespace

std::optional<std::string> find_bpftool() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path != nullptr ? path : "") + ":/usr/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = folder + "/bpftool";
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

BpftoolResult bpftool_min_core_btf(const std::string& bpftool, const std::string& kernel,
                                   std::span<const std::string> objects) {
  const MemoryFile output;
  const MemoryFile errors;
  std::vector<std::string> words = {bpftool, "gen", "min_core_btf", kernel, output.path()};
  words.insert(words.end(), objects.begin(), objects.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.path().c_str(), O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int error =
      posix_spawn(&child, bpftool.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), "start " + bpftool);
  int status = 0;
  waitpid(child, &status, 0);

  BpftoolResult result;
  result.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  const auto said = errors.content();
  result.errors.assign(reinterpret_cast<const char*>(said.data()), said.size());
  if (result.succeeded) {
    result.bytes = output.content();
    // It does not look whether its file could be closed: on a busy machine it was seen to write
    // nothing and say that all is well.
    result.succeeded = !result.bytes.empty();
    cut_empty_header_fields(result.bytes);
  }
  return result;
}

}  // namespace btfbatch::test
