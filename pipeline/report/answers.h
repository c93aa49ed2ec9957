// What every relocation came to on every kernel, as the manifest and the report hold it.
//
// Kernels by the thousand share a few hundred results, and those share, object by object, a few
// dozen different answers. So each object lists its different reports once, a result is one number
// for each object, and a kernel has the number of its result. pipeline/report/answers_json.h owns
// the JSON form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "core/report/kernel_report.h"
#include "core/report/needs.h"

namespace btfbatch {

// A result: for each object, which of its different reports, or kNotJudged.
using ResultNumbers = std::vector<std::uint32_t>;
// The object is for other machines than the kernel.
inline constexpr std::uint32_t kNotJudged = 0xffffffff;

struct AnswerTable {
  static constexpr std::size_t kNoResult = static_cast<std::size_t>(-1);

  std::vector<ObjectNeeds> objects;  // `externs` is not kept
  // Of each object, the different reports.
  std::vector<std::vector<std::shared_ptr<const ObjectReport>>> reports;
  std::vector<ResultNumbers> results;

  // One object's report in one result; nullptr where it is not judged.
  [[nodiscard]] const ObjectReport* report(std::size_t result, std::size_t object) const {
    return shared_report(result, object).get();
  }
  [[nodiscard]] std::shared_ptr<const ObjectReport> shared_report(std::size_t result,
                                                                  std::size_t object) const {
    const std::uint32_t number = results[result][object];
    return number == kNotJudged ? nullptr : reports[object][number];
  }
};

// Gathers the reports of kernels as they come. Not to be used from two threads at once.
class AnswerCollector {
 public:
  // For kernels of these objects.
  explicit AnswerCollector(std::span<const ObjectNeeds> objects);

  // Notes a kernel's report and gives the number of its result.
  [[nodiscard]] std::size_t add(const KernelReport& report);

  // The table, numbered anew in the order of `results`, whose numbers are replaced by those of the
  // table; kNoResult stays. So it depends on nothing but which kernel has which report. The
  // collector is empty afterwards.
  [[nodiscard]] AnswerTable finish(std::span<std::size_t> results);

 private:
  struct ByContent {
    bool operator()(const ObjectReport* a, const ObjectReport* b) const;
  };

  AnswerTable table_;
  std::vector<std::map<const ObjectReport*, std::uint32_t, ByContent>> known_;  // by object
  std::map<ResultNumbers, std::size_t> known_results_;
};

}  // namespace btfbatch
