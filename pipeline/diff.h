// What two manifests differ in: what a nightly run has changed.
#pragma once

#include <string>
#include <vector>

#include "core/report/kernel_report.h"
#include "pipeline/manifest.h"

namespace btfbatch {

// A relocation whose answer is another than before, or that only one of both runs asked.
struct ChangedAnswer {
  std::string object;
  RelocationKind kind{};
  std::string path;
  std::string before;  // "2464", "absent", "broken", …; empty: was not asked
  std::string after;   // empty: is not asked any more
  std::vector<std::string> programs{};  // in which; sorted

  auto operator<=>(const ChangedAnswer&) const = default;
};

// Kernels whose results have changed by the same answers.
struct ChangedResults {
  std::vector<std::string> kernels;    // archive paths
  std::vector<ChangedAnswer> answers;  // empty: no answer has changed, but what is kept, or whether
                                       // it could be
};

// A relocation that is broken or ambiguous on kernels where it was not: that are new, or where it
// was asked with another answer, or not at all. Where programs break on different kernels, or for
// different reasons, there is one for each.
struct NewlyBroken {
  std::string object;
  std::vector<std::string> programs;  // in which it is so; sorted
  RelocationKind kind{};
  std::string path;
  std::string joined_path{};  // where all that ask for it in these programs have the same
  SourcePlace source;
  std::string reason;                // on the first of the kernels, as `instead`
  std::string instead;               // empty where nothing is near
  std::vector<std::string> kernels;  // archive paths
};

struct ManifestDiff {
  bool has_answers = true;  // false: one of both was written by a version that did not keep answers
  std::vector<std::string> added_kernels;  // archive paths
  std::vector<std::string> gone_kernels;
  std::vector<std::string> added_objects;  // names, sorted
  std::vector<std::string> gone_objects;
  // Archive paths. These kernels have answers in one of both runs only: what is broken on one that
  // no longer fails is newly broken, as on an added one, and nothing else is said of them.
  std::vector<std::string> newly_failed;
  std::vector<std::string> no_longer_failed;
  std::size_t unchanged = 0;              // kernels
  std::vector<ChangedResults> changed;
  std::vector<NewlyBroken> newly_broken;
  // The other way round, on kernels of both runs, in programs that are still there and judged.
  std::vector<NewlyBroken> mended;

  [[nodiscard]] bool is_empty() const;
};

// Kernels are the same by their archive path, relocations by object, program, kind and access path.
// Objects are the same by their path; of those that are left, by their file's name (that of the
// second one in a file ends in "#2"), where it is there once in each run. They are called as in
// the later run. A program that is gone, and one of another name that is broken by the same
// relocations, are one that was renamed. Pure.
[[nodiscard]] ManifestDiff diff_manifests(const Manifest& before, const Manifest& after);

}  // namespace btfbatch
