// The whole of minimizing for a hostile object, over small kernels.
#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "tests/fuzz/support/mutate.h"
#include "tests/fuzz/support/require.h"
#include "tests/support/memory_file.h"
#include "tests/support/test_data.h"

namespace btfbatch::fuzz {
namespace {

struct Kernel {
  std::vector<std::byte> bytes;
  BtfView view;
};

const std::vector<Kernel>& kernels() {
  static const auto* const loaded = [] {
    auto* all = new std::vector<Kernel>;
    for (const char* name : {"reference", "twins", "tagged", "moved_fields"}) {
      auto bytes = test::read_bytes(test::kernel_path(name));
      auto view = load_kernel_btf(bytes).value();
      all->push_back({std::move(bytes), std::move(view)});
    }
    return all;
  }();
  return *loaded;
}

}  // namespace
}  // namespace btfbatch::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  btfbatch::fuzz::Random random(seed);
  if (seed % 16 == 0) return LLVMFuzzerMutate(data, size, max_size);
  return btfbatch::fuzz::mutate_object(data, size, random, btfbatch::fuzz::Where::kBtfSections);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  auto object = parse_object("fuzzed", std::as_bytes(std::span(data, size)));
  if (!object) return 0;
  std::vector<Object> one;
  one.push_back(*std::move(object));
  const auto set = ObjectSet::make(std::move(one));
  if (!set) return 0;
  for (const fuzz::Kernel& kernel : fuzz::kernels()) {
    const auto minimized = minimize(kernel.view, *set);
    if (!minimized) continue;
    fuzz::require(load_kernel_btf(minimized->bytes).has_value(), "what was written cannot be read");
  }
  return 0;
}
