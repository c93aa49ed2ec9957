// Reading btfbatch.json, which may come from anywhere: what is read can be written, and what was
// written is read as the same.
#include "pipeline/manifest.h"
#include "tests/fuzz/support/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  const auto manifest = read_manifest(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!manifest) {
    fuzz::require(!manifest.error().message.empty(), "an error without words");
    return 0;
  }
  static_cast<void>(manifest->written_kernels());
  static_cast<void>(write_index(*manifest));
  const std::string text = write_manifest(*manifest);
  const auto again = read_manifest(text);
  fuzz::require(again.has_value(), "what was written cannot be read: " +
                                       (again ? std::string() : again.error().message));
  fuzz::require(write_manifest(*again) == text, "what was written is read as something else");
  return 0;
}
