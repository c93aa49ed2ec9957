// What `btfbatch find` says: an explanation, a JSON object, or why nothing was found.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/find_options.h"
#include "core/find/btfbatch_find.h"
#include "pipeline/find_place.h"

namespace btfbatch::cli {

// A key that was tried, or a remark; the library's texts are not for keeping.
struct Trial {
  std::string key;  // empty in a remark
  bool hit = false;
  std::string why;
};

// Everything that the command knows at its end.
struct Finding {
  btfbatch_host host{};
  std::vector<Trial> trials;
  btfbatch_status status = BTFBATCH_NOT_FOUND;
  std::unique_ptr<btfbatch_result> found = std::make_unique<btfbatch_result>();
  std::string name;  // of what was found

  [[nodiscard]] bool is_found() const { return status == BTFBATCH_OK; }

  // Where ambiguous, the first of them.
  [[nodiscard]] std::vector<std::string> choices() const;
};

// What is known of the host, every trial, and what was found; several lines.
[[nodiscard]] std::string find_explanation(const Finding& finding);

// The object that --json prints. docs/json.md describes its fields.
[[nodiscard]] nlohmann::ordered_json find_json(const Finding& finding, const FindPlace& place,
                                               bool explain);

// Whose BTF was taken where the host's own is not there; one line.
[[nodiscard]] std::string neighbors_warning(const Finding& finding);

// Why there is no answer, and what to do; one line.
[[nodiscard]] std::string find_failure(const Finding& finding, const FindSettings& settings);

}  // namespace btfbatch::cli
