// The whole of minimizing over a hostile kernel, for all objects of the test data at once and for
// real ones: it ends in time, and what it writes can be read.
#include <algorithm>
#include <cstring>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "core/verify/verify.h"
#include "tests/fuzz/support/mutate.h"
#include "tests/fuzz/support/objects.h"
#include "tests/fuzz/support/require.h"

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  using namespace btfbatch;
  fuzz::Random random(seed);
  if (seed % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
  // Now and then a real kernel to start from, which a seed in a file cannot be on every machine.
  const auto& real = fuzz::real_kernel();
  if (seed % 1000 == 1 && !real.empty() && real.size() <= max_size) {
    std::memcpy(data, real.data(), real.size());
    size = real.size();
  }
  return fuzz::mutate_btf(data, size, max_size, random);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  const auto kernel = load_kernel_btf(std::as_bytes(std::span(data, size)));
  if (!kernel) return 0;
  const ObjectSet& objects = fuzz::all_objects();
  const auto minimized = minimize(*kernel, objects);
  if (!minimized) return 0;
  const auto written = load_kernel_btf(minimized->bytes);
  fuzz::require(written.has_value(), "what was written cannot be read: " +
                                         (written ? std::string() : written.error().message));
  fuzz::require(written->type_count() == minimized->type_count + 1, "the type count is wrong");
  fuzz::require(written->type_count() <= kernel->type_count(), "types were invented");
  static_cast<void>(verify(*kernel, *written, objects));
  return 0;
}
