#include "core/btf/format.h"

namespace btfbatch::btf {

std::string_view kind_name(Kind kind) {
  static constexpr std::string_view kNames[kKindCount] = {
      "void", "int",     "ptr",      "array",    "struct",   "union", "enum",
      "fwd",  "typedef", "volatile", "const",    "restrict", "func",  "func_proto",
      "var",  "datasec", "float",    "decl_tag", "type_tag", "enum64"};
  const auto number = static_cast<std::uint32_t>(kind);
  return number < kKindCount ? kNames[number] : "unknown";
}

}  // namespace btfbatch::btf
