// BTF as text, for expectations that people can read.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace btfbatch::test {

// One line for each type, without type IDs: "struct cell { int row @0; int column @32; }",
// "typedef count_t = int", "int int". Types referred to appear by name, or by kind where they have
// none. Fails the running test where the bytes are no BTF.
[[nodiscard]] std::vector<std::string> to_lines(std::span<const std::byte> btf);

}  // namespace btfbatch::test
