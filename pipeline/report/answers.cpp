#include "pipeline/report/answers.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace btfbatch {
namespace {

auto key_of(const Instead& instead) {
  return std::tie(instead.kind, instead.path, instead.type, instead.text);
}

bool is_less(const Trouble& a, const Trouble& b) {
  if (const auto order = std::tie(a.relocation, a.reason) <=> std::tie(b.relocation, b.reason);
      order != 0) {
    return order < 0;
  }
  return key_of(a.instead) < key_of(b.instead);
}

}  // namespace

bool AnswerCollector::ByContent::operator()(const ObjectReport* a, const ObjectReport* b) const {
  if (a == b) {
    return false;
  }
  if (const auto order = std::tie(a->sites, a->values) <=> std::tie(b->sites, b->values);
      order != 0) {
    return order < 0;
  }
  return std::ranges::lexicographical_compare(a->troubles, b->troubles, is_less);
}

AnswerCollector::AnswerCollector(std::span<const ObjectNeeds> objects) : known_(objects.size()) {
  table_.objects.assign(objects.begin(), objects.end());
  table_.reports.resize(objects.size());
}

std::size_t AnswerCollector::add(const KernelReport& report) {
  ResultNumbers result;
  result.reserve(report.size());
  for (std::size_t object = 0; object < report.size(); ++object) {
    if (report[object] == nullptr) {
      result.push_back(kNotJudged);
      continue;
    }
    auto& reports = table_.reports[object];
    const auto [known, is_new] = known_[object].emplace(report[object].get(), reports.size());
    if (is_new) {
      reports.push_back(report[object]);
    }
    result.push_back(known->second);
  }
  const auto [known, is_new] = known_results_.emplace(std::move(result), table_.results.size());
  if (is_new) {
    table_.results.push_back(known->first);
  }
  return known->second;
}

AnswerTable AnswerCollector::finish(std::span<std::size_t> results) {
  AnswerTable table;
  table.objects = std::move(table_.objects);
  table.reports.resize(table.objects.size());
  std::vector<std::map<std::uint32_t, std::uint32_t>> renumbered(table.objects.size());
  std::map<std::size_t, std::size_t> renumbered_results;
  for (std::size_t& result : results) {
    if (result == AnswerTable::kNoResult) {
      continue;
    }
    const auto [known, is_new] = renumbered_results.emplace(result, table.results.size());
    if (is_new) {
      ResultNumbers numbers = table_.results[result];
      for (std::size_t object = 0; object < numbers.size(); ++object) {
        if (numbers[object] == kNotJudged) {
          continue;
        }
        auto& reports = table.reports[object];
        const auto [number, is_first] = renumbered[object].emplace(numbers[object], reports.size());
        if (is_first) {
          reports.push_back(table_.reports[object][numbers[object]]);
        }
        numbers[object] = number->second;
      }
      table.results.push_back(std::move(numbers));
    }
    result = known->second;
  }
  *this = AnswerCollector({});
  return table;
}

}  // namespace btfbatch
