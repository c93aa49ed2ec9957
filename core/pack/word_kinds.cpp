#include "core/pack/word_kinds.h"

#include "core/btf/visit.h"

namespace btfbatch::pack {

WordKinds WordKinds::of(const PlainBtf& btf) {
  WordKinds kinds(btf.word_count());
  if (btf.type_count() == 1) return kinds;
  const std::uint32_t* const begin = btf.words(1);
  for (std::uint32_t id = 1; id < btf.type_count(); ++id) {
    btf::visit_words(
        btf.words(id),
        [&](const std::uint32_t& name) {
          kinds.names.add(static_cast<std::size_t>(&name - begin), name != 0 ? 1 : 0);
        },
        [&](const std::uint32_t& type) {
          kinds.types.add(static_cast<std::size_t>(&type - begin), 1);
        });
  }
  return kinds;
}

}  // namespace btfbatch::pack
