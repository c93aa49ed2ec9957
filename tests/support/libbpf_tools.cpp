#include "tests/support/libbpf_tools.h"

#include <filesystem>
#include <fstream>

#include "core/object/embedded.h"

namespace btfbatch::test {

std::vector<RealObject> libbpf_tools_objects() {
  std::vector<RealObject> objects;
  std::ifstream list("/var/lib/dpkg/info/libbpf-tools.list");
  for (std::string path; std::getline(list, path);) {
    if (!path.starts_with("/usr/sbin/")) continue;
    // Some tools are symlinks to another: one executable, many names.
    if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(path))) continue;
    const auto bytes = read_bytes(path);
    for (const auto& found : find_embedded_objects(bytes)) {
      objects.push_back({path, MemoryFile(found.bytes)});
    }
  }
  return objects;
}

}  // namespace btfbatch::test
