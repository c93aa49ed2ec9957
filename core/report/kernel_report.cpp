// Most of a report is looking up: what the kernel answered is known from minimizing, and says by
// itself which relocations are resolved, absent, ambiguous or poisoned. Only where something is
// poisoned, the programs that hold it are followed (core/program/reach.h), and that comes to the
// same for all kernels with the same numbers in the code: it is remembered by those. Only where
// that comes to "broken", the kernel's types are searched for what it has instead.
#include "core/report/kernel_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "core/object/architecture.h"
#include "core/program/code.h"
#include "core/program/reach.h"
#include "core/relocation/plan.h"
#include "core/report/guards.h"
#include "core/report/instead.h"
#include "core/report/patches.h"

namespace btfbatch {
namespace {

// Kernels whose numbers are in no others are not remembered beyond this many for an object.
constexpr std::size_t kMaxRemembered = 1U << 12;

// What became of one relocation, before its programs are looked at.
enum class Answered : std::uint8_t { kResolved, kZero, kPoisoned, kUnanswerable };

struct RelocationAnswer {
  Answered answered = Answered::kResolved;
  const Resolution* resolution = nullptr;  // nullptr for those that ask nothing of a kernel
  std::optional<LoadMisfit> misfit;        // where found, and yet poisoned or refused
};

// An object and what is known of it before any kernel.
struct PreparedObject {
  std::optional<ObjectCode> code;
  std::optional<PatchedPlaces> places;
  std::vector<PatchedUse> uses;                       // of each relocation
  std::vector<std::optional<std::uint32_t>> entries;  // function of each program
  std::vector<std::uint32_t> distinct;  // of each relocation; kNone for those that ask nothing

  static constexpr std::uint32_t kNone = 0xffffffff;
};

PreparedObject prepare(const Object& object, const ObjectNeeds& needs) {
  PreparedObject prepared;
  if (auto code = ObjectCode::read(object.bytes)) prepared.code = *std::move(code);
  prepared.uses = patched_uses(object, prepared.code ? &*prepared.code : nullptr);
  prepared.entries.resize(needs.programs.size());
  prepared.distinct.assign(needs.relocations.size(), PreparedObject::kNone);
  if (!prepared.code) return prepared;
  prepared.places.emplace(*prepared.code, object.relocations);
  for (std::size_t i = 0; i < needs.programs.size(); ++i) {
    prepared.entries[i] =
        prepared.code->find_function(needs.programs[i].section, needs.programs[i].name);
  }
  return prepared;
}

// The kernel verifies global functions by themselves only when they are called since Linux 6.8,
// which brought this member along.
GlobalFunctions global_functions_of(const BtfView& kernel) {
  for (std::uint32_t id = 1; id < kernel.type_count(); ++id) {
    const btf::Type& t = kernel.type(id);
    if (t.kind() != btf::Kind::kStruct) continue;
    if (std::strcmp(kernel.string(t.name), "bpf_func_info_aux") != 0) continue;
    const bool lazy = std::ranges::any_of(BtfView::members(t), [&](const btf::Member& member) {
      return std::strcmp(kernel.string(member.name), "called") == 0;
    });
    return lazy ? GlobalFunctions::kWhenCalled : GlobalFunctions::kAlways;
  }
  return GlobalFunctions::kAlways;
}

// One kernel, while it is reported on.
class KernelJob {
 public:
  KernelJob(const RelocationPlan& asked, const BtfView& kernel, const Answers& answered)
      : plan(asked),
        answers(answered),
        space{.btf = &kernel, .machine = machine_of(kernel)},
        explained_(asked.distinct.size()) {}

  // Each question is explained once, however many objects ask it.
  const Explanation& explain(std::uint32_t distinct) {
    auto& explained = explained_[distinct];
    if (!explained) {
      const DistinctRelocation& relocation = plan.distinct[distinct];
      explained = explain_missing(plan.spaces[relocation.object], relocation, space,
                                  answers.candidates[relocation.wanted]);
    }
    return *explained;
  }

  GlobalFunctions global_functions() {
    if (!globals_) globals_ = global_functions_of(*space.btf);
    return *globals_;
  }

  const RelocationPlan& plan;
  const Answers& answers;
  const TypeSpace space;

 private:
  std::vector<std::optional<Explanation>> explained_;
  std::optional<GlobalFunctions> globals_;
};

std::size_t hash_of(const ObjectReport& report) {
  const auto hash_bytes = [](const auto& items) {
    const auto bytes = std::as_bytes(std::span(items));
    return std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  std::size_t hash = hash_bytes(report.sites) * 31 + hash_bytes(report.values);
  for (const Trouble& trouble : report.troubles) {
    hash = hash * 31 + std::hash<std::string>()(trouble.instead.text);
  }
  return hash;
}

}  // namespace

std::string_view relocation_state_name(RelocationState state) {
  static constexpr std::array<std::string_view, kRelocationStateCount> kNames = {
      "resolved", "absent", "guarded", "probably_guarded", "broken", "ambiguous"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view instead_kind_name(Instead::Kind kind) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "nothing",      "renamed_member", "moved_member", "changed_type",
      "changed_size", "renamed_type",   "changed_kind", "renamed_enumerator"};
  return kNames[static_cast<std::size_t>(kind)];
}

RelocationState ObjectReport::worst() const {
  return sites.empty() ? RelocationState::kResolved : *std::ranges::max_element(sites);
}

RelocationState ObjectReport::worst_of(const ObjectNeeds& needs, std::uint32_t program) const {
  RelocationState worst = RelocationState::kResolved;
  const auto first = std::ranges::lower_bound(needs.sites, RelocationSite{program, 0});
  for (auto site = first; site != needs.sites.end() && site->program == program; ++site) {
    worst = std::max(worst, sites[static_cast<std::size_t>(site - needs.sites.begin())]);
  }
  return worst;
}

class KernelReporter::Impl {
 public:
  Impl(const ObjectSet& objects, std::span<const ObjectNeeds> needs)
      : plan_(objects.plan()), needs_(needs), remembered_(needs.size()) {
    for (std::size_t i = 0; i < needs.size(); ++i) {
      prepared_.push_back(prepare(objects.objects()[i], needs[i]));
    }
    for (const RelocationSequence& sequence : plan_.sequences) {
      for (const RelocationSequence::Asker& asker : sequence.askers) {
        for (std::size_t at = 0; at < asker.relocations.size(); ++at) {
          prepared_[asker.object].distinct[asker.relocations[at]] = sequence.relocations[at];
        }
      }
    }
  }

  KernelReport report(const BtfView& kernel, const Answers& answers,
                      const KernelIdentity& identity) {
    KernelJob job(plan_, kernel, answers);
    std::vector<std::vector<RelocationAnswer>> by_object = sort_answers(job);
    KernelReport report;
    for (std::size_t i = 0; i < needs_.size(); ++i) {
      const bool is_judged = !is_of_other_architecture(needs_[i].architecture, identity);
      report.push_back(is_judged ? share(i, report_on(i, by_object[i], job)) : nullptr);
    }
    return report;
  }

 private:
  // What followed programs come to, by all that decides it.
  struct PatternKey {
    GlobalFunctions globals = GlobalFunctions::kAlways;
    std::vector<Patch> patches;

    auto operator<=>(const PatternKey&) const = default;
  };
  using Reaches = std::vector<std::optional<Reach>>;  // by program

  struct Remembered {
    std::map<PatternKey, std::shared_ptr<const Reaches>> reaches;
    std::unordered_multimap<std::size_t, std::shared_ptr<const ObjectReport>> reports;
  };

  std::vector<std::vector<RelocationAnswer>> sort_answers(const KernelJob& job) const {
    std::vector<std::vector<RelocationAnswer>> by_object(needs_.size());
    for (std::size_t i = 0; i < needs_.size(); ++i) {
      by_object[i].resize(needs_[i].relocations.size());
    }
    for (std::size_t i = 0; i < plan_.sequences.size(); ++i) {
      for (const RelocationSequence::Asker& asker : plan_.sequences[i].askers) {
        for (std::size_t at = 0; at < asker.relocations.size(); ++at) {
          const std::uint32_t relocation = asker.relocations[at];
          by_object[asker.object][relocation] =
              judge(job, job.answers.sequences[i][at], prepared_[asker.object].uses[relocation]);
        }
      }
    }
    return by_object;
  }

  static RelocationAnswer judge(const KernelJob& job, const Resolution& found, PatchedUse use) {
    const DistinctRelocation& relocation = job.plan.distinct[found.distinct];
    RelocationAnswer answer{Answered::kResolved, &found, std::nullopt};
    switch (found.state) {
      case Resolution::State::kResolved:
        if (use != PatchedUse::kLoadOrStore) break;
        answer.misfit =
            load_misfit(job.plan.spaces[relocation.object], relocation, job.space, found);
        if (answer.misfit) {
          answer.answered =
              answer.misfit->is_refused ? Answered::kUnanswerable : Answered::kPoisoned;
        }
        break;
      case Resolution::State::kAbsent:
        answer.answered = may_be_zero(relocation.spec.kind) ? Answered::kZero : Answered::kPoisoned;
        break;
      case Resolution::State::kAmbiguous:
      case Resolution::State::kRefused:
        answer.answered = Answered::kUnanswerable;
        break;
    }
    return answer;
  }

  ObjectReport report_on(std::size_t object, const std::vector<RelocationAnswer>& answers,
                         KernelJob& job) {
    ObjectReport report;
    for (const RelocationAnswer& answer : answers) {
      // A target's type ID is another one in every BTF, and means nothing outside of it.
      const bool is_found =
          answer.resolution != nullptr && answer.answered == Answered::kResolved &&
          needs_[object].relocations[report.values.size()].kind != RelocationKind::kTypeIdTarget;
      report.values.push_back(is_found ? answer.resolution->value.value : 0);
    }
    std::shared_ptr<const Reaches> reaches;
    if (std::ranges::find(answers, Answered::kPoisoned, &RelocationAnswer::answered) !=
        answers.end()) {
      reaches = follow_programs(object, answers, job);
    }
    std::vector<RelocationState> worst(answers.size(), RelocationState::kResolved);
    for (const RelocationSite& site : needs_[object].sites) {
      const RelocationState state = state_of(object, site, answers, reaches.get());
      report.sites.push_back(state);
      worst[site.relocation] = std::max(worst[site.relocation], state);
    }
    for (std::uint32_t i = 0; i < answers.size(); ++i) {
      if (worst[i] >= RelocationState::kBroken) {
        report.troubles.push_back(trouble(i, needs_[object].relocations[i], answers[i], job));
      }
    }
    return report;
  }

  RelocationState state_of(std::size_t object, const RelocationSite& site,
                           const std::vector<RelocationAnswer>& answers,
                           const Reaches* reaches) const {
    switch (answers[site.relocation].answered) {
      case Answered::kResolved:
        return RelocationState::kResolved;
      case Answered::kZero:
        return RelocationState::kAbsent;
      case Answered::kUnanswerable:
        return RelocationState::kAmbiguous;
      case Answered::kPoisoned:
        break;
    }
    if (site.program == RelocationSite::kNoProgram) {
      const bool is_uncalled = prepared_[object].code && !needs_[object].programs.empty() &&
                               !needs_[object].relocations[site.relocation].function.empty();
      if (is_uncalled) return RelocationState::kGuarded;
    } else if (const auto& reach = (*reaches)[site.program]) {
      if (std::ranges::binary_search(reach->poisoned, site.relocation)) {
        return RelocationState::kBroken;
      }
      if (reach->complete) return RelocationState::kGuarded;
    }
    return is_asked_for(object, site, answers) ? RelocationState::kProbablyGuarded
                                               : RelocationState::kBroken;
  }

  // Whether the program asks for the same, and is answered that it is not there.
  bool is_asked_for(std::size_t object, const RelocationSite& site,
                    const std::vector<RelocationAnswer>& answers) const {
    const auto& distinct = prepared_[object].distinct;
    const auto& sites = needs_[object].sites;
    const auto first = std::ranges::lower_bound(sites, RelocationSite{site.program, 0});
    for (auto other = first; other != sites.end() && other->program == site.program; ++other) {
      if (answers[other->relocation].answered == Answered::kZero &&
          is_about(plan_, plan_.distinct[distinct[other->relocation]],
                   plan_.distinct[distinct[site.relocation]])) {
        return true;
      }
    }
    return false;
  }

  // Follows the programs that hold a poisoned instruction, or remembers what that came to.
  std::shared_ptr<const Reaches> follow_programs(std::size_t object,
                                                 const std::vector<RelocationAnswer>& answers,
                                                 KernelJob& job) {
    const PreparedObject& prepared = prepared_[object];
    auto reaches = std::make_shared<Reaches>(needs_[object].programs.size());
    if (!prepared.code) return reaches;
    PatternKey key{.globals = job.global_functions(), .patches = {}};
    for (std::size_t i = 0; i < answers.size(); ++i) {
      key.patches.push_back(patch_of(answers[i], prepared.uses[i], plan_));
    }
    Remembered& remembered = remembered_[object];
    {
      const std::scoped_lock lock(mutex_);
      const auto known = remembered.reaches.find(key);
      if (known != remembered.reaches.end()) return known->second;
    }
    for (const RelocationSite& site : needs_[object].sites) {
      if (site.program == RelocationSite::kNoProgram || (*reaches)[site.program] ||
          answers[site.relocation].answered != Answered::kPoisoned ||
          !prepared.entries[site.program]) {
        continue;
      }
      (*reaches)[site.program] = follow(*prepared.code, *prepared.entries[site.program],
                                        *prepared.places, key.patches, key.globals);
    }
    const std::scoped_lock lock(mutex_);
    if (remembered.reaches.size() < kMaxRemembered) {
      remembered.reaches.emplace(std::move(key), reaches);
    }
    return reaches;
  }

  // Offsets and type IDs differ from kernel to kernel, and no branch depends on them: they are left
  // unknown, so that many kernels come to the same.
  static Patch patch_of(const RelocationAnswer& answer, PatchedUse use,
                        const RelocationPlan& plan) {
    if (answer.answered == Answered::kPoisoned) return {Patch::Kind::kPoisoned, 0};
    if (answer.resolution == nullptr || use != PatchedUse::kNumber) return {};
    if (answer.answered == Answered::kZero) return {Patch::Kind::kNumber, 0};
    const RelocationKind kind = plan.distinct[answer.resolution->distinct].spec.kind;
    const bool is_followed = answer.answered == Answered::kResolved &&
                             kind != RelocationKind::kFieldByteOffset &&
                             kind != RelocationKind::kTypeIdTarget;
    return is_followed ? Patch{Patch::Kind::kNumber, answer.resolution->value.value} : Patch{};
  }

  static Trouble trouble(std::uint32_t index, const RelocationNeed& need,
                         const RelocationAnswer& answer, KernelJob& job) {
    if (answer.misfit) {
      const std::string reason = fmt::format("{}: {}", need.path, answer.misfit->reason);
      return {index, reason, {Instead::Kind::kChangedSize, need.path, "", reason}};
    }
    switch (answer.resolution->state) {
      case Resolution::State::kAmbiguous:
        return {index, "types of the same name do not agree", {}};
      case Resolution::State::kRefused:
        return {index, "its types nest too deep, or have no size", {}};
      default: {
        const Explanation& explanation = job.explain(answer.resolution->distinct);
        return {index, explanation.reason, explanation.instead};
      }
    }
  }

  std::shared_ptr<const ObjectReport> share(std::size_t object, ObjectReport report) {
    const std::size_t hash = hash_of(report);
    const std::scoped_lock lock(mutex_);
    auto& reports = remembered_[object].reports;
    const auto [first, last] = reports.equal_range(hash);
    const auto same =
        std::find_if(first, last, [&](auto& entry) { return *entry.second == report; });
    if (same != last) return same->second;
    return reports.emplace(hash, std::make_shared<const ObjectReport>(std::move(report)))->second;
  }

  const RelocationPlan& plan_;
  std::span<const ObjectNeeds> needs_;
  std::vector<PreparedObject> prepared_;  // by object
  std::mutex mutex_;                      // over what is remembered
  std::vector<Remembered> remembered_;    // by object
};

KernelReporter::KernelReporter(const ObjectSet& objects, std::span<const ObjectNeeds> needs)
    : impl_(std::make_unique<Impl>(objects, needs)) {}
KernelReporter::~KernelReporter() = default;

KernelReport KernelReporter::report(const BtfView& kernel, const Answers& answers,
                                    const KernelIdentity& identity) {
  return impl_->report(kernel, answers, identity);
}

}  // namespace btfbatch
