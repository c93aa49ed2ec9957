// Opening a BTF and reading everything in it: what the view gives out once it is open must lie
// within the bytes. Any byte that is read by mistake is AddressSanitizer's to find.
#include <cstring>

#include "core/btf/load.h"
#include "core/btf/view.h"
#include "core/btf/visit.h"
#include "tests/fuzz/support/mutate.h"
#include "tests/fuzz/support/require.h"

namespace btfbatch::fuzz {

// For all the compiler knows, somebody reads it; so it cannot leave out the reading.
std::size_t sum_of_everything = 0;

namespace {

void read_everything(const BtfView& btf) {
  std::size_t sum = 0;
  for (std::uint32_t id = 0; id < btf.type_count(); ++id) {
    const btf::Type& t = btf.type(id);
    sum += std::strlen(btf.string(t.name));
    if (id == 0) continue;
    btf::visit_words(
        std::bit_cast<const std::uint32_t*>(&t),
        [&](std::uint32_t name) { sum += std::strlen(btf.string(name)); },
        [&](std::uint32_t other) { sum += btf.type(other).info; });
    switch (t.kind()) {
      case btf::Kind::kStruct:
      case btf::Kind::kUnion:
        for (const btf::Member& m : BtfView::members(t)) sum += m.offset;
        break;
      case btf::Kind::kEnum:
        for (const btf::Enumerator& e : BtfView::enumerators(t)) sum += e.name;
        break;
      case btf::Kind::kEnum64:
        for (const btf::Enumerator64& e : BtfView::enumerators64(t)) sum += e.value_high;
        break;
      case btf::Kind::kFuncProto:
        for (const btf::Parameter& p : BtfView::parameters(t)) sum += p.name;
        break;
      case btf::Kind::kArray:
        sum += BtfView::array(t).element_count;
        break;
      case btf::Kind::kInt:
        sum += BtfView::int_word(t);
        break;
      default:
        break;
    }
  }
  sum_of_everything = sum;
}

}  // namespace
}  // namespace btfbatch::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  btfbatch::fuzz::Random random(seed);
  if (seed % 2 == 0) return LLVMFuzzerMutate(data, size, max_size);
  return btfbatch::fuzz::mutate_btf(data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  const auto bytes = std::as_bytes(std::span(data, size));
  const bool magic = has_btf_magic(bytes);
  const bool split = is_split_btf(bytes);
  const auto view = BtfView::open(bytes);
  if (view) {
    fuzz::require(magic && !split, "what opens as BTF does not look like it");
    fuzz::read_everything(*view);
  }
  // As it would come with a vmlinux, or with names of any length.
  const auto kernel = load_kernel_btf(bytes);
  if (kernel) fuzz::read_everything(*kernel);
  return 0;
}
