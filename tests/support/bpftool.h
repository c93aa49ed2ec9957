// The peer that minimize() is held to: `bpftool gen min_core_btf`.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace btfbatch::test {

// Where bpftool is, in PATH or in /usr/sbin, which is not in everybody's PATH; or nothing.
[[nodiscard]] std::optional<std::string> find_bpftool();

struct BpftoolResult {
  bool succeeded = false;
  std::vector<std::byte> bytes;  // of the minimized BTF, where it succeeded
  std::string errors;            // what it said on stderr
};

// Runs `bpftool gen min_core_btf` on files. Newer versions write a header of 32 bytes with two
// empty fields; it is cut to the 24 bytes that mean the same.
[[nodiscard]] BpftoolResult bpftool_min_core_btf(const std::string& bpftool,
                                                 const std::string& kernel,
                                                 std::span<const std::string> objects);

}  // namespace btfbatch::test
