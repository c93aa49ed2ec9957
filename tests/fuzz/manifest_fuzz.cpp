// Reading btfbatch.json and index.json, which may come from anywhere: what is read can be written,
// and what was written is read as the same.
#include "pipeline/index.h"
#include "pipeline/manifest.h"
#include "tests/fuzz/support/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static_cast<void>(read_index(input));
  const auto manifest = read_manifest(input);
  if (!manifest) {
    fuzz::require(!manifest.error().message.empty(), "an error without words");
    return 0;
  }
  static_cast<void>(manifest->written_kernels());
  fuzz::require(read_index(write_index(*manifest)).has_value(), "an index that cannot be read");
  const std::string text = write_manifest(*manifest);
  const auto again = read_manifest(text);
  fuzz::require(again.has_value(), "what was written cannot be read: " +
                                       (again ? std::string() : again.error().message));
  fuzz::require(write_manifest(*again) == text, "what was written is read as something else");
  return 0;
}
