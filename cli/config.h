// The configuration file: TOML, one key for each long option, under the option's name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"

namespace btfbatch::cli {

// What a key's value looks like in the file.
enum class ConfigShape : std::uint8_t {
  kText,    // a string
  kTexts,   // a string, or an array of strings
  kPath,    // a string; a relative path starts from the folder of the configuration file
  kPaths,   // a string, or an array of strings, taken like kPath
  kNumber,  // an integer
  kSize,    // an integer (bytes), or a string such as "256MiB"
  kFlag,    // true or false
};

struct ConfigKey {
  std::string name;  // long option without the dashes
  ConfigShape shape{};
};

// One line of the file, in the words that the command line would use.
struct ConfigEntry {
  std::string name;
  std::vector<std::string> values;
  std::size_t line = 0;  // from 1
};

// Reads `file`, which may hold any of `keys`; the entries come in the file's order.
// Fails, naming file and line, on what is no TOML, on a key that is not among `keys` (with the
// nearest that is), and on a value of the wrong shape.
[[nodiscard]] Result<std::vector<ConfigEntry>> read_config(const std::filesystem::path& file,
                                                           std::span<const ConfigKey> keys);

}  // namespace btfbatch::cli
