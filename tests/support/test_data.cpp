#include "tests/support/test_data.h"

#include <algorithm>
#include <filesystem>

#include "test_paths.h"

namespace btfbatch::test {
namespace {

constexpr std::string_view kObjectSuffix = ".bpf.o";
constexpr std::string_view kKernelSuffix = ".btf";

std::string path_of(std::string_view name, std::string_view suffix) {
  return std::string(BTFBATCH_TEST_DATA).append("/").append(name).append(suffix);
}

std::vector<std::string> names_with(std::string_view suffix) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(BTFBATCH_TEST_DATA)) {
    std::string name = entry.path().filename().string();
    if (!name.ends_with(suffix)) continue;
    name.resize(name.size() - suffix.size());
    names.push_back(std::move(name));
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

std::string object_path(std::string_view name) {
  return path_of(name, kObjectSuffix);
}

std::string kernel_path(std::string_view name) {
  return path_of(name, kKernelSuffix);
}

std::vector<std::string> object_names() {
  return names_with(kObjectSuffix);
}

std::vector<std::string> kernel_names() {
  return names_with(kKernelSuffix);
}

}  // namespace btfbatch::test
