// Reading a configuration file that holds anything.
#include <algorithm>

#include "cli/config.h"
#include "tests/fuzz/support/require.h"
#include "tests/support/memory_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  using cli::ConfigShape;
  static const std::vector<cli::ConfigKey> keys = {
      {"archive", ConfigShape::kPath}, {"objs", ConfigShape::kPaths},
      {"kernel", ConfigShape::kText},  {"arch", ConfigShape::kTexts},
      {"jobs", ConfigShape::kNumber},  {"max-btf-size", ConfigShape::kSize},
      {"strict", ConfigShape::kFlag}};
  const test::MemoryFile file(std::as_bytes(std::span(data, size)));
  const auto entries = cli::read_config(file.path(), keys);
  if (!entries) {
    fuzz::require(!entries.error().message.empty(), "an error without words");
    return 0;
  }
  for (const cli::ConfigEntry& entry : *entries) {
    fuzz::require(std::ranges::find(keys, entry.name, &cli::ConfigKey::name) != keys.end(),
                  "a key that nobody knows: " + entry.name);
    fuzz::require(entry.line > 0, "a key without a line: " + entry.name);
  }
  return 0;
}
