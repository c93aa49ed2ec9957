// The judge over minimized BTF: what does libbpf's own loader make of an object's relocations?
#pragma once

#include <string>
#include <vector>

namespace btfbatch::test {

// What libbpf decided about one relocation.
struct LibbpfAnswer {
  std::string program;   // C function
  std::string question;  // "<byte_off> [5] struct person.age (0:1 @ offset 16)": the object's side
  std::string answer;    // "16 -> 24", "poisoned", "relocation decision ambiguity: …"

  bool operator==(const LibbpfAnswer&) const = default;
};

struct LibbpfResolution {
  bool opened = false;     // whether libbpf opened the object at all
  bool relocated = false;  // whether every relocation had an answer, poisoned ones included
  std::vector<LibbpfAnswer> answers;  // as far as libbpf got: it stops at the first failure
};

// Loads the object in this process with `btf_path` in place of the running kernel's BTF. The loader
// talks to a kernel of paper (see the source file), so neither privileges nor a kernel with eBPF
// are needed, and nothing is loaded into one. Type IDs of the target BTF, which differ between a
// full and a minimized BTF, appear in answers by kind and name. Not thread-safe.
[[nodiscard]] LibbpfResolution resolve_with_libbpf(const std::string& object_path,
                                                   const std::string& btf_path);

// For messages of failed tests: one line for each answer.
[[nodiscard]] std::string to_text(const LibbpfResolution& resolution);

}  // namespace btfbatch::test
