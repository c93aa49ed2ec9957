#include "cli/config.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "cli/text.h"

namespace btfbatch::cli {
namespace {

namespace fs = std::filesystem;

std::string_view shape_in_words(ConfigShape shape) {
  switch (shape) {
    case ConfigShape::kText:
    case ConfigShape::kPath:
      return "a string";
    case ConfigShape::kTexts:
    case ConfigShape::kPaths:
      return "a string or an array of strings";
    case ConfigShape::kNumber:
      return "an integer";
    case ConfigShape::kSize:
      return "an integer or a string such as \"256MiB\"";
    case ConfigShape::kFlag:
      return "true or false";
  }
  return "";
}

std::string_view type_in_words(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "such an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    default:
      return "a date or a time";
  }
}

std::optional<std::vector<std::string>> strings_of(const toml::node& node) {
  if (const auto* text = node.as_string()) {
    return std::vector{text->get()};
  }
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    return std::nullopt;
  }
  std::vector<std::string> values;
  for (const toml::node& element : *array) {
    const auto* text = element.as_string();
    if (text == nullptr) {
      return std::nullopt;
    }
    values.push_back(text->get());
  }
  return values;
}

// The values as the command line would give them; nothing where the shape is another.
std::optional<std::vector<std::string>> values_of(const toml::node& node, ConfigShape shape) {
  using Values = std::vector<std::string>;
  switch (shape) {
    case ConfigShape::kNumber:
    case ConfigShape::kSize:
      if (const auto* number = node.as_integer()) {
        return Values{std::to_string(number->get())};
      }
      return shape == ConfigShape::kSize && node.is_string() ? strings_of(node) : std::nullopt;
    case ConfigShape::kFlag:
      if (const auto* flag = node.as_boolean()) {
        return Values{flag->get() ? "true" : "false"};
      }
      return std::nullopt;
    case ConfigShape::kText:
    case ConfigShape::kPath:
      return node.is_string() ? strings_of(node) : std::nullopt;
    case ConfigShape::kTexts:
    case ConfigShape::kPaths:
      return strings_of(node);
  }
  return std::nullopt;
}

Result<std::string> read_text(const fs::path& file) {
  std::error_code problem;
  if (fs::is_directory(file, problem)) {
    return fail("is a folder, not a file");
  }
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad()) {
    return fail(errno != 0 ? std::generic_category().message(errno) : "cannot be read");
  }
  return text;
}

}  // namespace

Result<std::vector<ConfigEntry>> read_config(const fs::path& file,
                                             std::span<const ConfigKey> keys) {
  Result<std::string> text = read_text(file);
  if (!text) {
    return fail_within(fmt::format("--config: '{}'", file.string()), std::move(text).error());
  }
  toml::table table;
  try {
    table = toml::parse(*text, file.string());
  } catch (const toml::parse_error& error) {
    return fail(
        fmt::format("{}:{}: {}", file.string(), error.source().begin.line, error.description()));
  }

  std::vector<ConfigEntry> entries;
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const std::size_t line = key.source().begin.line;
    const auto known = std::ranges::find(keys, name, &ConfigKey::name);
    if (known == keys.end()) {
      std::vector<std::string> names;
      std::ranges::transform(keys, std::back_inserter(names), &ConfigKey::name);
      return fail(fmt::format("{}:{}: unknown key '{}'; the nearest known one is '{}'",
                              file.string(), line, name, nearest_name(name, names)));
    }
    auto values = values_of(node, known->shape);
    if (!values) {
      return fail(fmt::format("{}:{}: '{}' takes {}, not {}", file.string(), line, name,
                              shape_in_words(known->shape), type_in_words(node)));
    }
    if (known->shape == ConfigShape::kPath || known->shape == ConfigShape::kPaths) {
      for (std::string& value : *values) {
        value = value.empty() ? value : (file.parent_path() / value).lexically_normal().string();
      }
    }
    entries.push_back({name, *std::move(values), line});
  }
  std::ranges::sort(entries, {}, &ConfigEntry::line);
  return entries;
}

}  // namespace btfbatch::cli
