// An independent reader of .BTF.ext: what llvm-objdump says about an object's CO-RE relocations.
#pragma once

#include <string>
#include <vector>

namespace btfbatch::test {

struct ListedRelocation {
  std::string section;
  unsigned instruction = 0;  // byte offset into the section
  std::string kind;          // "byte_off"
  unsigned local_type = 0;
  std::string target;  // "struct person::age (0:1)", "enum color::kBlue = 7", "typedef count_t"
};

// In the order of sections and instructions. Throws where llvm-objdump cannot be run.
[[nodiscard]] std::vector<ListedRelocation> list_relocations(const std::string& object_path);

}  // namespace btfbatch::test
