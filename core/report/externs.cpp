#include "core/report/externs.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <tuple>

#include "core/btf/type_text.h"
#include "core/relocation/types.h"

namespace btfbatch {
namespace {

constexpr std::size_t kMaxName = 255;        // bytes that are kept
constexpr std::uint32_t kExternLinkage = 2;  // BTF_VAR_GLOBAL_EXTERN, BTF_FUNC_EXTERN

bool is_extern(const btf::Type& t) {
  if (t.kind() == btf::Kind::kFunc) return t.vlen() == kExternLinkage;
  // The word behind a VAR lies where that behind an INT does.
  return t.kind() == btf::Kind::kVar && BtfView::int_word(t) == kExternLinkage;
}

Extern::Kind kind_of(const BtfView& btf, const btf::Type& t, bool is_config) {
  if (is_config) return Extern::Kind::kConfig;
  if (t.kind() == btf::Kind::kFunc) return Extern::Kind::kFunction;
  const auto behind = skip_modifiers_and_typedefs(btf, t.size_or_type);
  const bool is_void = behind && btf.type(*behind).kind() == btf::Kind::kVoid;
  return is_void ? Extern::Kind::kUntypedVariable : Extern::Kind::kVariable;
}

}  // namespace

std::vector<Extern> externs_of(const Object& object, const ObjectCode* code) {
  const BtfView& btf = object.btf;
  std::vector<Extern> externs;
  for (std::uint32_t id = 1; id < btf.type_count(); ++id) {
    const btf::Type& section = btf.type(id);
    if (section.kind() != btf::Kind::kDatasec) continue;
    const std::string_view name = btf.string(section.name);
    if (name != ".kconfig" && name != ".ksyms") continue;
    for (const btf::SectionVariable& variable : BtfView::section_variables(section)) {
      const btf::Type& t = btf.type(variable.type);
      if (!is_extern(t)) continue;
      const char* symbol = btf.string(t.name);
      Extern found{
          .name = std::string(symbol, strnlen(symbol, kMaxName)),
          .kind = kind_of(btf, t, name == ".kconfig"),
          .type = type_text(btf, t.kind() == btf::Kind::kFunc ? variable.type : t.size_or_type),
          .is_weak = false};
      found.is_weak = code != nullptr && code->is_weak(found.name);
      externs.push_back(std::move(found));
    }
  }
  std::ranges::sort(externs, {}, [](const Extern& e) { return std::tie(e.kind, e.name); });
  return externs;
}

}  // namespace btfbatch
