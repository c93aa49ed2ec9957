// The page that a command prints at its end: headlines, aligned rows, lists that are cut.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/run.h"

namespace btfbatch::cli {

// Builds the text row by row; each line ends with a newline.
class Page {
 public:
  // `more` says where a list that was cut can be read in full: "see btfs/btfbatch.json".
  explicit Page(std::string more) : more_(std::move(more)) {}

  void headline(std::string_view text);
  void row(std::string_view label, std::string_view value);
  void row(std::string_view label, std::size_t count);
  // A line for each.
  void list(std::span<const std::string> lines);
  // As many on a line as fit; `hanging`: by how much more all lines but the first are indented.
  void packed_list(std::span<const std::string> words, std::size_t hanging = 0);

  // What was read as objects, where it was found, and what is to be known of it.
  void objects(std::span<const ObjectSummary> objects, std::size_t relocations,
               std::size_t distinct_relocations);

  [[nodiscard]] std::string text() && { return std::move(text_); }

 private:
  void point_to_more(std::size_t left_out);

  std::string more_;
  std::string text_;
};

// What Page::objects says, for --log-format json: {read, relocations, distinct_relocations, list of
// {name, found_in, relocations, kernel_btf_programs, warnings}}.
[[nodiscard]] nlohmann::ordered_json objects_json(std::span<const ObjectSummary> objects,
                                                  std::size_t relocations,
                                                  std::size_t distinct_relocations);

// All reasons in one line; the fourth and later ones are only counted.
[[nodiscard]] std::string reasons_in_one_line(std::span<const std::string> reasons);

}  // namespace btfbatch::cli
