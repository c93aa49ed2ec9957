#include "tests/core/support/btf_text.h"

#include <gtest/gtest.h>

#include "core/btf/view.h"

namespace btfbatch::test {
namespace {

using btf::Kind;

class Writer {
 public:
  explicit Writer(const BtfView& view) : view_(view) {}

  [[nodiscard]] std::string line(std::uint32_t id) const {
    const btf::Type& t = view_.type(id);
    std::string text = std::string(btf::kind_name(t.kind())) + with_space(view_.string(t.name));
    switch (t.kind()) {
      case Kind::kStruct:
      case Kind::kUnion:
        text += " {";
        for (const auto& m : BtfView::members(t)) text.append(" ").append(member(t, m)).append(";");
        return text + " }";
      case Kind::kEnum:
        text += " {";
        for (const auto& e : BtfView::enumerators(t)) {
          text.append(" ").append(view_.string(e.name)).append("=").append(std::to_string(e.value));
        }
        return text + " }";
      case Kind::kArray:
        return text + " of " + std::to_string(BtfView::array(t).element_count) + " " +
               reference(BtfView::array(t).type);
      case Kind::kInt:
      case Kind::kFloat:
      case Kind::kFwd:
      case Kind::kEnum64:
      case Kind::kFuncProto:
      case Kind::kDatasec:
        return text;
      default:
        return text + " = " + reference(t.size_or_type);
    }
  }

 private:
  [[nodiscard]] std::string reference(std::uint32_t id) const {
    const btf::Type& t = view_.type(id);
    const char* name = view_.string(t.name);
    return *name != '\0' ? name : std::string(btf::kind_name(t.kind()));
  }

  [[nodiscard]] std::string member(const btf::Type& composite, const btf::Member& m) const {
    const bool flag = composite.kind_flag();
    std::string text = reference(m.type) + with_space(view_.string(m.name)) + " @" +
                       std::to_string(flag ? m.offset & 0xffffff : m.offset);
    if (flag && m.offset >> 24 != 0) text.append(":").append(std::to_string(m.offset >> 24));
    return text;
  }

  static std::string with_space(std::string text) {
    if (!text.empty()) text.insert(0, 1, ' ');
    return text;
  }

  const BtfView& view_;
};

}  // namespace

std::vector<std::string> to_lines(std::span<const std::byte> btf) {
  const auto view = BtfView::open(btf);
  if (!view) {
    ADD_FAILURE() << view.error().message;
    return {};
  }
  std::vector<std::string> lines;
  for (std::uint32_t id = 1; id < view->type_count(); ++id) lines.push_back(Writer(*view).line(id));
  return lines;
}

}  // namespace btfbatch::test
