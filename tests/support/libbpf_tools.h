// Real objects: those inside the executables of Debian's libbpf-tools.
#pragma once

#include <string>
#include <vector>

#include "tests/support/memory_file.h"

namespace btfbatch::test {

struct RealObject {
  std::string name;  // of the executable: "/usr/sbin/opensnoop"
  MemoryFile file;   // the object alone
};

// All of them, in the package's order; none where the package is not installed.
[[nodiscard]] std::vector<RealObject> libbpf_tools_objects();

}  // namespace btfbatch::test
