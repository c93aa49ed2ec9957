#include "core/relocation/types.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>

namespace btfbatch {
namespace {

constexpr int kMaxChain = 64;         // typedefs and modifiers in a row
constexpr int kMaxResolveDepth = 32;  // MAX_RESOLVE_DEPTH of libbpf and the kernel

constexpr std::array<std::string_view, 11> kLongNames = {"long",
                                                         "long int",
                                                         "int long",
                                                         "unsigned long",
                                                         "long unsigned",
                                                         "unsigned long int",
                                                         "unsigned int long",
                                                         "long unsigned int",
                                                         "long int unsigned",
                                                         "int unsigned long",
                                                         "int long unsigned"};
constexpr std::size_t kMaxLongName = 17;  // bytes of the longest of them

std::uint32_t pointer_size_of(const BtfView& btf) {
  for (std::uint32_t id = 1; id < btf.type_count(); ++id) {
    const btf::Type& t = btf.type(id);
    if (t.kind() != btf::Kind::kInt || (t.size_or_type != 4 && t.size_or_type != 8)) continue;
    const char* name = btf.string(t.name);
    const std::string_view begin(name, strnlen(name, kMaxLongName + 1));
    if (std::ranges::find(kLongNames, begin) != kLongNames.end()) {
      return t.size_or_type;
    }
  }
  return 8;
}

}  // namespace

std::optional<std::uint32_t> skip_modifiers_and_typedefs(const BtfView& btf, std::uint32_t id) {
  for (int i = 0; i < kMaxChain; ++i) {
    const btf::Type& t = btf.type(id);
    if (!is_modifier_or_typedef(t.kind())) return id;
    id = t.size_or_type;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> resolve_size(const TypeSpace& space, std::uint32_t id) {
  std::uint64_t elements = 1;
  for (int depth = 0; depth < kMaxResolveDepth; ++depth) {
    const btf::Type& t = space.type(id);
    std::uint64_t size = 0;
    switch (t.kind()) {
      case btf::Kind::kInt:
      case btf::Kind::kStruct:
      case btf::Kind::kUnion:
      case btf::Kind::kEnum:
      case btf::Kind::kEnum64:
      case btf::Kind::kDatasec:
      case btf::Kind::kFloat:
        size = t.size_or_type;
        break;
      case btf::Kind::kPtr:
        size = space.machine.pointer_size;
        break;
      case btf::Kind::kTypedef:
      case btf::Kind::kVolatile:
      case btf::Kind::kConst:
      case btf::Kind::kRestrict:
      case btf::Kind::kTypeTag:
      case btf::Kind::kVar:
      case btf::Kind::kDeclTag:
        id = t.size_or_type;
        continue;
      case btf::Kind::kArray: {
        const btf::Array& array = BtfView::array(t);
        elements *= array.element_count;
        if (elements > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
        id = array.type;
        continue;
      }
      case btf::Kind::kVoid:
      case btf::Kind::kFwd:
      case btf::Kind::kFunc:
      case btf::Kind::kFuncProto:
        return std::nullopt;
    }
    size *= elements;
    if (size > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
    return static_cast<std::uint32_t>(size);
  }
  return std::nullopt;
}

Machine machine_of(const BtfView& btf) {
  return {.pointer_size = pointer_size_of(btf), .big_endian = btf.was_big_endian()};
}

bool index_is_valid(const TypeSpace& space, const btf::Array& array, std::uint32_t index,
                    std::optional<std::uint32_t> enclosing, std::uint32_t member) {
  if (index < array.element_count) return true;
  return array.element_count == 0 && enclosing && member + 1 == space.type(*enclosing).vlen();
}

}  // namespace btfbatch
