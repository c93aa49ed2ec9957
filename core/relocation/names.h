// Names and flavors.
#pragma once

#include <string_view>

namespace btfbatch {

// The name without its flavor: "task_struct___old" → "task_struct". A flavor begins at the last
// "___" that has other characters than '_' on both sides. After libbpf's
// bpf_core_essential_name_len.
[[nodiscard]] constexpr std::string_view essential_name(std::string_view name) {
  for (std::size_t i = name.size(); i-- >= 5;) {
    const std::size_t at = i - 4;  // of the character before the separator
    if (name[at] != '_' && name.substr(at + 1, 3) == "___" && name[at + 4] != '_') {
      return name.substr(0, at + 1);
    }
  }
  return name;
}

static_assert(essential_name("task_struct___old") == "task_struct");
static_assert(essential_name("a___b___c") == "a___b");
static_assert(essential_name("a____b") == "a____b");
static_assert(essential_name("a___") == "a___");
static_assert(essential_name("___b") == "___b");
static_assert(essential_name("") == "");

}  // namespace btfbatch
