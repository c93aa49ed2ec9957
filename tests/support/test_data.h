// The objects and "kernels" that tests/CMakeLists.txt compiles from tests/data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace btfbatch::test {

// "arrays" → the path of arrays.bpf.o.
[[nodiscard]] std::string object_path(std::string_view name);
// "reference" → the path of reference.btf.
[[nodiscard]] std::string kernel_path(std::string_view name);

// Names as above, sorted.
[[nodiscard]] std::vector<std::string> object_names();
[[nodiscard]] std::vector<std::string> kernel_names();

}  // namespace btfbatch::test
