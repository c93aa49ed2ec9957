#include "tests/support/decoded_base.h"

#include <vector>

namespace btfbatch::test {
namespace {

std::string disprove_view(const BtfView& view, std::span<const std::byte> btf) {
  const Result<BtfView> opened = BtfView::open(btf);
  if (!opened) return "decoded to what cannot be opened: " + opened.error().message;
  if (view.type_count() != opened->type_count() || view.string(0) != opened->string(0) ||
      view.string_size() != opened->string_size()) {
    return "other sections than opening finds";
  }
  for (std::uint32_t id = 1; id < view.type_count(); ++id) {
    if (&view.type(id) != &opened->type(id)) return "a type is elsewhere than opening finds it";
  }
  return "";
}

}  // namespace

std::string disprove(const DecoderBase& base, std::span<const std::byte> btf,
                     std::span<const std::byte> coded, std::size_t size) {
  const DecoderBase made = DecoderBase::make(btf);
  if ((base.view() == nullptr) != (made.view() == nullptr)) return "a view where there is none";
  if (base.view() != nullptr) {
    if (auto wrong = disprove_view(*base.view(), btf); !wrong.empty()) return wrong;
  }
  std::vector<std::byte> one(size);
  std::vector<std::byte> other(size);
  const bool decodes = decode_delta(base, coded, one).has_value();
  if (decodes != decode_delta(made, coded, other).has_value() || (decodes && one != other)) {
    return "decodes otherwise than a base made of the same bytes";
  }
  return "";
}

}  // namespace btfbatch::test
