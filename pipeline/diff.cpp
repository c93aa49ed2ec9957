#include "pipeline/diff.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace btfbatch {
namespace {

// What a relocation is known by, in both manifests.
using Question = std::tuple<std::string_view, std::string_view, RelocationKind>;  // object, path

// One answer of a kernel, with where it stands in its manifest.
struct Answered {
  std::string text;
  const ObjectNeeds* object = nullptr;
  const ObjectReport* report = nullptr;
  std::uint32_t relocation = 0;
  RelocationState state{};
};

bool is_trouble(RelocationState state) {
  return state == RelocationState::kBroken || state == RelocationState::kAmbiguous;
}

// All answers of one result. Several relocations with the same question count once, by the worst.
std::map<Question, Answered> answers_of(const AnswerTable& table, std::size_t result) {
  std::map<Question, Answered> answers;
  if (result == AnswerTable::kNoResult) {
    return answers;
  }
  for (std::size_t i = 0; i < table.objects.size(); ++i) {
    const ObjectNeeds& object = table.objects[i];
    if (table.report(result, i) == nullptr) {
      continue;
    }
    const ObjectReport& report = *table.report(result, i);
    for (std::size_t site = 0; site < object.sites.size(); ++site) {
      const std::uint32_t relocation = object.sites[site].relocation;
      const RelocationNeed& need = object.relocations[relocation];
      const RelocationState state = report.sites[site];
      Answered& answered = answers[{object.name, need.path, need.kind}];
      if (answered.object != nullptr && answered.state >= state) {
        continue;
      }
      answered = {.text = state == RelocationState::kResolved
                              ? std::to_string(report.values[relocation])
                              : std::string(relocation_state_name(state)),
                  .object = &object,
                  .report = &report,
                  .relocation = relocation,
                  .state = state};
    }
  }
  return answers;
}

ChangedAnswer changed_answer(const Question& question, std::string before, std::string after) {
  return {.object = std::string(std::get<0>(question)),
          .kind = std::get<2>(question),
          .path = std::string(std::get<1>(question)),
          .before = std::move(before),
          .after = std::move(after)};
}

std::vector<ChangedAnswer> compare(const std::map<Question, Answered>& before,
                                   const std::map<Question, Answered>& after) {
  std::vector<ChangedAnswer> changed;
  for (const auto& [question, answered] : before) {
    const auto now = after.find(question);
    if (now == after.end()) {
      changed.push_back(changed_answer(question, answered.text, ""));
    } else if (now->second.text != answered.text) {
      changed.push_back(changed_answer(question, answered.text, now->second.text));
    }
  }
  for (const auto& [question, answered] : after) {
    if (!before.contains(question)) {
      changed.push_back(changed_answer(question, "", answered.text));
    }
  }
  std::ranges::sort(changed);
  return changed;
}

// Relocations that are in trouble in one run and not in the other, and on which kernels.
class Troubles {
 public:
  void note(const std::map<Question, Answered>& other, const std::map<Question, Answered>& here,
            const std::string& kernel) {
    for (const auto& [question, answered] : here) {
      const auto there = other.find(question);
      if (!is_trouble(answered.state) ||
          (there != other.end() && is_trouble(there->second.state))) {
        continue;
      }
      const auto [found, is_new] = found_.try_emplace(question);
      if (is_new) {
        found->second = describe(answered);
      }
      found->second.kernels.push_back(kernel);
    }
  }

  std::vector<NewlyBroken> finish() {
    std::vector<NewlyBroken> all;
    for (auto& [question, broken] : found_) {
      all.push_back(std::move(broken));
    }
    return all;
  }

 private:
  static NewlyBroken describe(const Answered& answered) {
    const ObjectNeeds& object = *answered.object;
    const RelocationNeed& need = object.relocations[answered.relocation];
    NewlyBroken broken{.object = object.name,
                       .programs = {},
                       .kind = need.kind,
                       .path = need.path,
                       .joined_path = need.joined_path,
                       .source = need.source,
                       .reason = {},
                       .instead = {},
                       .kernels = {}};
    std::set<std::string> programs;
    for (std::size_t site = 0; site < object.sites.size(); ++site) {
      const RelocationSite& place = object.sites[site];
      const RelocationNeed& asked = object.relocations[place.relocation];
      if (asked.path == need.path && asked.kind == need.kind &&
          is_trouble(answered.report->sites[site])) {
        if (asked.joined_path != broken.joined_path) broken.joined_path.clear();
        if (place.program != RelocationSite::kNoProgram) {
          programs.insert(object.programs[place.program].name);
        }
      }
    }
    broken.programs.assign(programs.begin(), programs.end());
    for (const Trouble& trouble : answered.report->troubles) {
      if (trouble.relocation == answered.relocation) {
        broken.reason = trouble.reason;
        broken.instead = trouble.instead.text;
      }
    }
    return broken;
  }

  std::map<Question, NewlyBroken> found_;
};

std::vector<std::string> names_missing_in(const std::vector<ObjectSummary>& objects,
                                          const std::vector<ObjectSummary>& others) {
  std::vector<std::string> missing;
  for (const ObjectSummary& object : objects) {
    if (std::ranges::find(others, object.name, &ObjectSummary::name) == others.end()) {
      missing.push_back(object.name);
    }
  }
  return missing;
}

// Goes through the kernels of both.
class Comparison {
 public:
  Comparison(const Manifest& before, const Manifest& after) : before_(before), after_(after) {}

  ManifestDiff run() {
    diff_.has_answers = !before_.run.answers.objects.empty() && !after_.run.answers.objects.empty();
    diff_.added_objects = names_missing_in(after_.run.objects, before_.run.objects);
    diff_.gone_objects = names_missing_in(before_.run.objects, after_.run.objects);
    std::map<std::string_view, const KernelOutcome*> earlier;
    for (const KernelOutcome& kernel : before_.run.kernels) {
      earlier.emplace(kernel.archive_path, &kernel);
    }
    for (const KernelOutcome& kernel : after_.run.kernels) {
      const auto found = earlier.find(kernel.archive_path);
      if (found == earlier.end()) {
        diff_.added_kernels.push_back(kernel.archive_path);
        newly_broken_.note({}, answers(after_, after_answers_, kernel.result), kernel.archive_path);
      } else {
        compare_kernel(*found->second, kernel);
        earlier.erase(found);
      }
    }
    for (const auto& [path, kernel] : earlier) {
      diff_.gone_kernels.emplace_back(path);
    }
    for (auto& [answers, kernels] : changed_) {
      diff_.changed.push_back({.kernels = std::move(kernels), .answers = answers});
    }
    diff_.newly_broken = newly_broken_.finish();
    diff_.mended = mended_.finish();
    return std::move(diff_);
  }

 private:
  using AnswersOfResults = std::map<std::size_t, std::map<Question, Answered>>;

  static const std::map<Question, Answered>& answers(const Manifest& manifest,
                                                     AnswersOfResults& known, std::size_t result) {
    const auto [found, is_new] = known.try_emplace(result);
    if (is_new) {
      found->second = answers_of(manifest.run.answers, result);
    }
    return found->second;
  }

  void compare_kernel(const KernelOutcome& before, const KernelOutcome& after) {
    if (after.outcome == Outcome::kFailed && before.outcome != Outcome::kFailed) {
      diff_.newly_failed.push_back(after.archive_path);
    }
    const auto& old_answers = answers(before_, before_answers_, before.result);
    const auto& new_answers = answers(after_, after_answers_, after.result);
    if (diff_.has_answers) {
      newly_broken_.note(old_answers, new_answers, after.archive_path);
      mended_.note(new_answers, old_answers, after.archive_path);
    }
    if (before.content_id == after.content_id && before.outcome == after.outcome) {
      ++diff_.unchanged;
      return;
    }
    // Kernels share results, so the same two are compared once.
    const auto [changes, is_new] = compared_.try_emplace({before.result, after.result});
    if (is_new && diff_.has_answers) {
      changes->second = compare(old_answers, new_answers);
    }
    changed_[changes->second].push_back(after.archive_path);
  }

  const Manifest& before_;
  const Manifest& after_;
  ManifestDiff diff_;
  AnswersOfResults before_answers_;
  AnswersOfResults after_answers_;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<ChangedAnswer>> compared_;
  std::map<std::vector<ChangedAnswer>, std::vector<std::string>> changed_;
  Troubles newly_broken_;
  Troubles mended_;
};

}  // namespace

bool ManifestDiff::is_empty() const {
  return added_kernels.empty() && gone_kernels.empty() && added_objects.empty() &&
         gone_objects.empty() && newly_failed.empty() && changed.empty() && newly_broken.empty() &&
         mended.empty();
}

ManifestDiff diff_manifests(const Manifest& before, const Manifest& after) {
  return Comparison(before, after).run();
}

}  // namespace btfbatch
