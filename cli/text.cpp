#include "cli/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <numeric>
#include <vector>

#include "pipeline/file.h"

namespace btfbatch::cli {
namespace {

// Levenshtein's distance, one row of his table at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  return result;
}

void print(std::FILE* stream, std::string_view text) {
  const bool is_known = std::ferror(stream) != 0;
  const bool is_written =
      std::fwrite(text.data(), 1, text.size(), stream) == text.size() && std::fflush(stream) == 0;
  if (!is_written && !is_known && stream == stdout) {
    print(stderr, fmt::format("btfbatch: error: standard output cannot be written: {}\n",
                              errno_text(errno)));
  }
}

std::string nearest_name(std::string_view name, std::span<const std::string> known,
                         std::size_t most_edits) {
  std::string nearest;
  std::size_t best = std::numeric_limits<std::size_t>::max();
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best && distance <= most_edits) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace btfbatch::cli
