#include "cli/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>
#include <utility>

namespace btfbatch::cli {
namespace {

constexpr std::uint64_t kKibi = 1024;
constexpr std::array<std::pair<std::string_view, unsigned>, 5> kUnits{
    {{"", 0}, {"b", 0}, {"kib", 10}, {"mib", 20}, {"gib", 30}}};

// In ASCII, whatever the locale.
std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  if (problem == std::errc::result_out_of_range) {
    return fail(fmt::format("'{}' is more than 64 bits can hold", text));
  }
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::string unit = lower(rest);
  const auto* known = std::ranges::find(kUnits, std::string_view(unit),
                                        &std::pair<std::string_view, unsigned>::first);
  if (problem != std::errc() || known == kUnits.end()) {
    return fail(fmt::format("'{}' is no size; write bytes, or KiB, MiB, GiB: 256MiB", text));
  }
  if (number == 0) {
    return fail(fmt::format("'{}': must be more than 0", text));
  }
  if (number > std::numeric_limits<std::uint64_t>::max() >> known->second) {
    return fail(fmt::format("'{}' is more than 64 bits can hold", text));
  }
  return number << known->second;
}

Result<std::uint64_t> parse_number(const std::string& text, std::uint64_t low, std::uint64_t high) {
  std::uint64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, problem] = std::from_chars(text.data(), last, number);
  if (problem != std::errc() || end != last || number < low || number > high) {
    return fail(fmt::format("'{}' is no whole number from {} to {}", text, low, high));
  }
  return number;
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < kKibi) {
    return fmt::format("{} B", bytes);
  }
  constexpr std::array<std::string_view, 4> kNames{"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / kKibi;
  std::size_t unit = 0;
  // 1023.95 and more would be printed as 1024.0.
  while (value >= kKibi - 0.05 && unit + 1 < kNames.size()) {
    value /= kKibi;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kNames[unit]);
}

std::string format_duration(std::chrono::nanoseconds time) {
  using std::chrono::seconds;
  const double exact = std::chrono::duration<double>(time).count();
  if (exact < 59.95) {
    return fmt::format("{:.1f} s", std::max(exact, 0.0));
  }
  const auto whole = static_cast<std::int64_t>(std::llround(exact));
  if (whole < 3600) {
    return fmt::format("{} min {} s", whole / 60, whole % 60);
  }
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string format_count(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace btfbatch::cli
