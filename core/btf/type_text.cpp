#include "core/btf/type_text.h"

#include <fmt/format.h>

#include <cstring>

namespace btfbatch {
namespace {

constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxLength = 200;  // bytes
constexpr std::size_t kMaxName = 80;     // bytes of one name
constexpr std::size_t kMaxParameters = 12;

// Builds the text from the inside out: what stands around `declarator`, which is empty, "*", "(*)"
// or a function's name.
class TypeWriter {
 public:
  explicit TypeWriter(const BtfView& btf) : btf_(btf) {}

  std::string write(std::uint32_t id, std::string declarator, int depth) {
    if (depth >= kMaxDepth || declarator.size() > kMaxLength) return "…" + declarator;
    const btf::Type& t = btf_.type(id);
    switch (t.kind()) {
      case btf::Kind::kPtr:
        return write(t.size_or_type, '*' + declarator, depth + 1);
      case btf::Kind::kConst:
        return qualify("const", t.size_or_type, std::move(declarator), depth);
      case btf::Kind::kVolatile:
        return qualify("volatile", t.size_or_type, std::move(declarator), depth);
      case btf::Kind::kRestrict:
        return qualify("restrict", t.size_or_type, std::move(declarator), depth);
      case btf::Kind::kTypeTag:
        return write(t.size_or_type, std::move(declarator), depth + 1);
      case btf::Kind::kArray: {
        const btf::Array& array = BtfView::array(t);
        return write(array.type,
                     fmt::format("{}[{}]", in_brackets(std::move(declarator)), array.element_count),
                     depth + 1);
      }
      case btf::Kind::kFuncProto:
        return write(t.size_or_type,
                     in_brackets(std::move(declarator)) + '(' + parameters(t, depth) + ')',
                     depth + 1);
      case btf::Kind::kFunc:
        return write(t.size_or_type, name_of(t), depth + 1);
      default:
        return join(word_of(t) + name_of(t), declarator);
    }
  }

 private:
  static std::string in_brackets(std::string declarator) {
    return declarator.starts_with('*') ? '(' + declarator + ')' : declarator;
  }

  static std::string join(std::string left, const std::string& declarator) {
    if (declarator.empty()) return left;
    return left + (declarator.front() == '[' ? "" : " ") + declarator;
  }

  // A qualifier of a pointer stands behind its star, any other in front of all.
  std::string qualify(std::string_view word, std::uint32_t id, std::string declarator, int depth) {
    if (btf_.type(id).kind() == btf::Kind::kPtr) {
      const bool apart = !declarator.empty();
      return write(id, std::string(word) + (apart ? " " : "") + declarator, depth + 1);
    }
    return std::string(word) + ' ' + write(id, std::move(declarator), depth + 1);
  }

  // Parameters that are functions themselves are not followed far: there can be ever more of them.
  std::string parameters(const btf::Type& prototype, int depth) {
    const auto all = BtfView::parameters(prototype);
    if (all.empty()) return "void";
    std::string text;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i > 0) text += ", ";
      if (i == kMaxParameters || text.size() > kMaxLength) return text + "…";
      const bool is_ellipsis = all[i].type == 0 && i + 1 == all.size();
      text += is_ellipsis ? "..." : write(all[i].type, "", depth + kMaxDepth / 4);
    }
    return text;
  }

  std::string name_of(const btf::Type& t) const {
    if (t.kind() == btf::Kind::kVoid) return "void";
    const char* name = btf_.string(t.name);
    if (*name == '\0') return "(anonymous)";
    return {name, strnlen(name, kMaxName)};
  }

  static std::string word_of(const btf::Type& t) {
    switch (t.kind()) {
      case btf::Kind::kStruct:
        return "struct ";
      case btf::Kind::kUnion:
        return "union ";
      case btf::Kind::kFwd:
        return t.kind_flag() ? "union " : "struct ";
      case btf::Kind::kEnum:
      case btf::Kind::kEnum64:
        return "enum ";
      default:
        return "";
    }
  }

  const BtfView& btf_;
};

}  // namespace

std::string type_text(const BtfView& btf, std::uint32_t id) {
  return TypeWriter(btf).write(id, "", 0);
}

}  // namespace btfbatch
