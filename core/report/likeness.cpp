#include "core/report/likeness.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>

namespace btfbatch {
namespace {

constexpr std::size_t kMaxName = 64;  // bytes; longer names are only compared as a whole

std::string_view without_underscores(std::string_view name) {
  const std::size_t begin = std::min(name.find_first_not_of('_'), name.size());
  name.remove_prefix(begin);
  const std::size_t end = name.find_last_not_of('_');
  return name.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

// Whether every word of `few` is one of `many`, in that order.
bool has_all_words(std::string_view few, std::string_view many) {
  while (!few.empty()) {
    const std::string_view word = few.substr(0, few.find('_'));
    for (;;) {
      if (many.empty()) return false;
      const std::string_view other = many.substr(0, many.find('_'));
      many.remove_prefix(std::min(other.size() + 1, many.size()));
      if (other == word) break;
    }
    few.remove_prefix(std::min(word.size() + 1, few.size()));
  }
  return true;
}

// Levenshtein's distance.
std::size_t edits(std::string_view a, std::string_view b) {
  std::array<std::size_t, kMaxName + 1> row{};
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

bool share_a_word(std::string_view a, std::string_view b) {
  for (; !a.empty(); a.remove_prefix(std::min(a.find('_'), a.size() - 1) + 1)) {
    const std::string_view word = a.substr(0, a.find('_'));
    if (word.size() > 1 && has_all_words(word, b)) return true;
  }
  return false;
}

double likeness(std::string_view a, std::string_view b) {
  if (a == b) return 1;
  a = without_underscores(a);
  b = without_underscores(b);
  if (a.empty() || b.empty()) return 0;
  if (a == b) return kRespelled;
  const std::size_t shorter = std::min(a.size(), b.size());
  const std::size_t longer = std::max(a.size(), b.size());
  if (longer > kMaxName) return 0;
  const double ratio = static_cast<double>(shorter) / static_cast<double>(longer);
  const bool contained = a.size() < b.size() ? has_all_words(a, b) : has_all_words(b, a);
  const double by_words = contained ? 0.5 + 0.4 * ratio : 0;
  if (ratio < 0.5) return by_words;
  const double by_letters = 1 - static_cast<double>(edits(a, b)) / static_cast<double>(longer);
  return std::min(0.9, std::max(by_words, by_letters));
}

}  // namespace btfbatch
