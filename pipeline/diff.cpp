#include "pipeline/diff.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace btfbatch {
namespace {

// What a relocation in one of its programs is known by, in both manifests. Those of one relocation
// follow each other.
struct Question {
  std::string_view object;
  std::string_view path;
  RelocationKind kind{};
  std::string_view program;  // empty: in none

  auto operator<=>(const Question&) const = default;

  [[nodiscard]] bool is_of_same_relocation(const Question& other) const {
    return object == other.object && path == other.path && kind == other.kind;
  }
};

// One answer of a kernel, with where it stands in its manifest.
struct Answered {
  std::string text;
  const ObjectNeeds* object = nullptr;
  const ObjectReport* report = nullptr;
  std::uint32_t relocation = 0;
  RelocationState state{};
};

using AnswerMap = std::map<Question, Answered>;

// What one result says.
struct Answers {
  AnswerMap answers;
  // The objects that are judged, with each of their programs, and with none.
  std::set<std::pair<std::string_view, std::string_view>> judged;
};

bool is_trouble(RelocationState state) {
  return state == RelocationState::kBroken || state == RelocationState::kAmbiguous;
}

std::string_view program_of(const ObjectNeeds& object, const RelocationSite& site) {
  return site.program == RelocationSite::kNoProgram ? std::string_view()
                                                    : object.programs[site.program].name;
}

// Which objects of two runs are the same. A build in another folder gives them by other paths.
class SameObjects {
 public:
  SameObjects() = default;
  SameObjects(const std::vector<ObjectSummary>& before, const std::vector<ObjectSummary>& after) {
    const Names olds = gone_ = names_of(before);
    const Names news = added_ = names_of(after);
    using std::filesystem::path;
    pair_by([](std::string_view name) { return std::string(name); }, olds, news);
    pair_by([](std::string_view name) { return path(name).lexically_normal().string(); }, olds,
            news);
    pair_by([](std::string_view name) { return path(name).filename().string(); }, olds, news);
  }

  // What the later run calls an object of the earlier one.
  [[nodiscard]] std::string_view later_name(std::string_view name) const {
    const auto found = later_names_.find(name);
    return found == later_names_.end() ? name : found->second;
  }

  [[nodiscard]] std::vector<std::string> gone() const { return {gone_.begin(), gone_.end()}; }
  [[nodiscard]] std::vector<std::string> added() const { return {added_.begin(), added_.end()}; }

 private:
  using Names = std::set<std::string_view>;

  static Names names_of(const std::vector<ObjectSummary>& objects) {
    Names names;
    for (const ObjectSummary& object : objects) names.insert(object.name);
    return names;
  }

  // Pairs, of those that are left, what has the same key and is alone with it in its run.
  template <class KeyOf>
  void pair_by(KeyOf key_of, const Names& before, const Names& after) {
    std::map<std::string, std::array<std::vector<std::string_view>, 2>> by_key;
    for (const std::string_view name : before) by_key[key_of(name)][0].push_back(name);
    for (const std::string_view name : after) by_key[key_of(name)][1].push_back(name);
    for (const auto& [key, names] : by_key) {
      const auto& [olds, news] = names;
      if (olds.size() == 1 && news.size() == 1 && gone_.contains(olds.front()) &&
          added_.contains(news.front())) {
        later_names_.emplace(olds.front(), news.front());
        gone_.erase(olds.front());
        added_.erase(news.front());
      }
    }
  }

  std::map<std::string_view, std::string_view> later_names_;
  Names gone_;
  Names added_;
};

// All answers of one result. Several relocations with the same question count once, by the worst.
Answers answers_of(const AnswerTable& table, std::size_t result, const SameObjects& objects) {
  Answers all;
  for (std::size_t i = 0; i < table.objects.size(); ++i) {
    const ObjectNeeds& object = table.objects[i];
    const ObjectReport* const report = table.report(result, i);
    if (report == nullptr) {
      continue;
    }
    const std::string_view name = objects.later_name(object.name);
    all.judged.emplace(name, "");
    for (const ProgramNeed& program : object.programs) {
      all.judged.emplace(name, program.name);
    }
    for (std::size_t site = 0; site < object.sites.size(); ++site) {
      const std::uint32_t relocation = object.sites[site].relocation;
      const RelocationNeed& need = object.relocations[relocation];
      const RelocationState state = report->sites[site];
      Answered& answered = all.answers[{.object = name,
                                        .path = need.path,
                                        .kind = need.kind,
                                        .program = program_of(object, object.sites[site])}];
      if (answered.object != nullptr && answered.state >= state) {
        continue;
      }
      answered = {.text = state == RelocationState::kResolved
                              ? std::to_string(report->values[relocation])
                              : std::string(relocation_state_name(state)),
                  .object = &object,
                  .report = report,
                  .relocation = relocation,
                  .state = state};
    }
  }
  return all;
}

// Whether the relocation of the question is answered by `text` in any program.
bool says_of_relocation(const AnswerMap& answers, Question question, std::string_view text) {
  question.program = {};  // the first of its relocation
  for (auto it = answers.lower_bound(question);
       it != answers.end() && it->first.is_of_same_relocation(question); ++it) {
    if (it->second.text == text) {
      return true;
    }
  }
  return false;
}

// Where a program came or went, its relocations are told unless another program had or has the same
// answer.
std::vector<ChangedAnswer> changes_between(const AnswerMap& before, const AnswerMap& after) {
  std::map<ChangedAnswer, std::vector<std::string>> programs;  // of each, which are left out of it
  const auto add = [&](const Question& question, std::string old_text, std::string new_text) {
    std::vector<std::string>& of_change = programs[{.object = std::string(question.object),
                                                    .kind = question.kind,
                                                    .path = std::string(question.path),
                                                    .before = std::move(old_text),
                                                    .after = std::move(new_text)}];
    if (!question.program.empty()) {
      of_change.emplace_back(question.program);
    }
  };
  for (const auto& [question, answered] : before) {
    const auto now = after.find(question);
    if (now != after.end() && now->second.text != answered.text) {
      add(question, answered.text, now->second.text);
    } else if (now == after.end() && !says_of_relocation(after, question, answered.text)) {
      add(question, answered.text, "");
    }
  }
  for (const auto& [question, answered] : after) {
    if (!before.contains(question) && !says_of_relocation(before, question, answered.text)) {
      add(question, "", answered.text);
    }
  }
  std::vector<ChangedAnswer> changed;
  for (auto& [change, of_change] : programs) {
    changed.push_back(change);
    changed.back().programs = std::move(of_change);
  }
  return changed;
}

using TroubleList = std::vector<const AnswerMap::value_type*>;

// What is in trouble in `here` and not in `there`.
TroubleList troubles_only_in(const AnswerMap& here, const AnswerMap& there) {
  TroubleList troubles;
  for (const AnswerMap::value_type& entry : here) {
    const auto other = there.find(entry.first);
    if (is_trouble(entry.second.state) &&
        (other == there.end() || !is_trouble(other->second.state))) {
      troubles.push_back(&entry);
    }
  }
  return troubles;
}

// What two results differ in.
struct Difference {
  std::vector<ChangedAnswer> changed;
  TroubleList newly_broken;
  TroubleList mended;
};

// Whether the relocation was in trouble before in a program that is not judged any more.
bool was_broken_in_gone_program(const Question& question, const Answers& before,
                                const Answers& after) {
  Question first = question;
  first.program = {};
  for (auto at = before.answers.lower_bound(first);
       at != before.answers.end() && at->first.is_of_same_relocation(question); ++at) {
    if (is_trouble(at->second.state) &&
        !after.judged.contains({question.object, at->first.program})) {
      return true;
    }
  }
  return false;
}

Difference difference_of(const Answers& before, const Answers& after) {
  Difference difference{.changed = changes_between(before.answers, after.answers),
                        .newly_broken = troubles_only_in(after.answers, before.answers),
                        .mended = troubles_only_in(before.answers, after.answers)};
  // A program of another name in place of one that is gone breaks nothing that was whole.
  std::erase_if(difference.newly_broken, [&](const AnswerMap::value_type* entry) {
    return !before.judged.contains({entry->first.object, entry->first.program}) &&
           was_broken_in_gone_program(entry->first, before, after);
  });
  // What is gone is not mended.
  std::erase_if(difference.mended, [&](const AnswerMap::value_type* entry) {
    return !after.judged.contains({entry->first.object, entry->first.program});
  });
  return difference;
}

// Relocations that are in trouble in one run and not in the other, and on which kernels.
class Troubles {
 public:
  void note(const TroubleList& troubles, const std::string& kernel) {
    for (const AnswerMap::value_type* const entry : troubles) {
      const auto [found, is_new] = found_.try_emplace(entry->first);
      if (is_new) {
        found->second = describe(entry->first, entry->second);
      }
      found->second.kernels.push_back(kernel);
    }
  }

  // Programs of which the same is to be said stand together.
  std::vector<NewlyBroken> finish() {
    std::vector<NewlyBroken> all;
    std::size_t first = 0;  // of those of the relocation
    const Question* last = nullptr;
    for (auto& [question, broken] : found_) {
      if (last != nullptr && !last->is_of_same_relocation(question)) {
        first = all.size();
      }
      last = &question;
      const auto same =
          std::ranges::find_if(std::span(all).subspan(first), [&](const NewlyBroken& other) {
            return other.kernels == broken.kernels && other.reason == broken.reason &&
                   other.instead == broken.instead;
          });
      if (same == std::span(all).end()) {
        all.push_back(std::move(broken));
        continue;
      }
      std::ranges::move(broken.programs, std::back_inserter(same->programs));
      if (same->joined_path != broken.joined_path) {
        same->joined_path.clear();
      }
    }
    return all;
  }

 private:
  static NewlyBroken describe(const Question& question, const Answered& answered) {
    const ObjectNeeds& object = *answered.object;
    const RelocationNeed& need = object.relocations[answered.relocation];
    NewlyBroken broken{.object = std::string(question.object),
                       .programs = {},
                       .kind = need.kind,
                       .path = need.path,
                       .joined_path = need.joined_path,
                       .source = need.source,
                       .reason = {},
                       .instead = {},
                       .kernels = {}};
    if (!question.program.empty()) {
      broken.programs.emplace_back(question.program);
    }
    for (std::size_t site = 0; site < object.sites.size(); ++site) {
      const RelocationSite& place = object.sites[site];
      const RelocationNeed& asked = object.relocations[place.relocation];
      if (asked.path == need.path && asked.kind == need.kind &&
          program_of(object, place) == question.program &&
          is_trouble(answered.report->sites[site]) && asked.joined_path != broken.joined_path) {
        broken.joined_path.clear();
      }
    }
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

// Goes through the kernels of both.
class Comparison {
 public:
  Comparison(const Manifest& before, const Manifest& after)
      : before_(before), after_(after), objects_(before.run.objects, after.run.objects) {}

  ManifestDiff run() {
    diff_.has_answers = !before_.run.answers.objects.empty() && !after_.run.answers.objects.empty();
    diff_.added_objects = objects_.added();
    diff_.gone_objects = objects_.gone();
    const Kernels earlier = kernels_of(before_);
    const Kernels later = kernels_of(after_);
    for (const auto& [path, kernel] : later) {
      if (const auto found = earlier.find(path); found != earlier.end()) {
        compare_kernel(*found->second, *kernel);
      } else {
        diff_.added_kernels.push_back(kernel->archive_path);
        note_all_troubles(*kernel);
      }
    }
    for (const auto& [path, kernel] : earlier) {
      if (!later.contains(path)) {
        diff_.gone_kernels.emplace_back(path);
      }
    }
    for (auto& [answers, kernels] : changed_) {
      diff_.changed.push_back({.kernels = std::move(kernels), .answers = answers});
    }
    diff_.newly_broken = newly_broken_.finish();
    diff_.mended = mended_.finish();
    return std::move(diff_);
  }

 private:
  using AnswersOfResults = std::map<std::size_t, Answers>;
  using Kernels = std::map<std::string_view, const KernelOutcome*>;  // by archive path

  // A tar may have a path twice, of which one alone is written.
  static Kernels kernels_of(const Manifest& manifest) {
    Kernels kernels;
    for (const KernelOutcome& kernel : manifest.run.kernels) {
      const auto [known, is_new] = kernels.emplace(kernel.archive_path, &kernel);
      if (!is_new && known->second->outcome == Outcome::kFailed) {
        known->second = &kernel;
      }
    }
    return kernels;
  }

  // Of a kernel that has no answers in the earlier run.
  void note_all_troubles(const KernelOutcome& kernel) {
    newly_broken_.note(troubles_only_in(answers(after_, after_answers_, kernel.result).answers, {}),
                       kernel.archive_path);
  }

  // None where there are none to compare them with.
  const Answers& answers(const Manifest& manifest, AnswersOfResults& known, std::size_t result) {
    const auto [found, is_new] = known.try_emplace(result);
    if (is_new && result != AnswerTable::kNoResult && diff_.has_answers) {
      found->second = answers_of(manifest.run.answers, result,
                                 &manifest == &before_ ? objects_ : SameObjects());
    }
    return found->second;
  }

  // Kernels share results, so the same two are compared once.
  const Difference& difference(const KernelOutcome& before, const KernelOutcome& after) {
    const auto [found, is_new] = differences_.try_emplace({before.result, after.result});
    if (is_new && before.result != AnswerTable::kNoResult &&
        after.result != AnswerTable::kNoResult) {
      found->second = difference_of(answers(before_, before_answers_, before.result),
                                    answers(after_, after_answers_, after.result));
    }
    return found->second;
  }

  void compare_kernel(const KernelOutcome& before, const KernelOutcome& after) {
    const bool failed = before.outcome == Outcome::kFailed;
    const bool fails = after.outcome == Outcome::kFailed;
    if (fails && !failed) {
      diff_.newly_failed.push_back(after.archive_path);
      return;
    }
    if (failed && !fails) {
      // What breaks on it may have come while it failed.
      diff_.no_longer_failed.push_back(after.archive_path);
      note_all_troubles(after);
      return;
    }
    const Difference& different = difference(before, after);
    newly_broken_.note(different.newly_broken, after.archive_path);
    mended_.note(different.mended, after.archive_path);
    if (before.content_id == after.content_id && before.outcome == after.outcome) {
      ++diff_.unchanged;
    } else {
      changed_[different.changed].push_back(after.archive_path);
    }
  }

  const Manifest& before_;
  const Manifest& after_;
  SameObjects objects_;
  ManifestDiff diff_;
  AnswersOfResults before_answers_;
  AnswersOfResults after_answers_;
  std::map<std::pair<std::size_t, std::size_t>, Difference> differences_;
  std::map<std::vector<ChangedAnswer>, std::vector<std::string>> changed_;
  Troubles newly_broken_;
  Troubles mended_;
};

}  // namespace

bool ManifestDiff::is_empty() const {
  return added_kernels.empty() && gone_kernels.empty() && added_objects.empty() &&
         gone_objects.empty() && newly_failed.empty() && no_longer_failed.empty() &&
         changed.empty() && newly_broken.empty() && mended.empty();
}

ManifestDiff diff_manifests(const Manifest& before, const Manifest& after) {
  return Comparison(before, after).run();
}

}  // namespace btfbatch
