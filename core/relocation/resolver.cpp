// libbpf, for each relocation's root type of each object, looks through all types of the kernel for
// candidates, then asks each candidate. Here the kernel's types are visited once, and a small table
// says which of the wanted names each one answers to. What a candidate said to a question is
// written down, so that walking the sequences, where libbpf's order and narrowing must be kept,
// mostly reads notes: one visit of 124,000 types, some hundred questions, some thousand notes.
//
// A kernel's BTF may be hostile, so its cost is bounded: one match may take a million steps (see
// Steps), all together four million for each question, and a name may have so many candidates. The
// heaviest real kernel, 27 MB of duplicates, takes 5,000 steps for each question and has some
// hundred candidates to a name.
#include "core/relocation/resolver.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace btfbatch {
namespace {

constexpr std::uint32_t kMaxSteps = 1U << 20;       // of one match
constexpr std::uint64_t kSharedSteps = 1U << 23;    // of all matches, and beside them
constexpr std::uint64_t kStepsEach = 1U << 17;      // for each question
constexpr std::uint32_t kMaxCandidates = 1U << 15;  // of one name

}  // namespace

Resolver::Resolver(const BtfView& kernel, const RelocationPlan& plan, Machine machine)
    : plan_(plan),
      kernel_{.btf = &kernel, .machine = machine},
      candidates_(plan.wanted.size()),
      findings_(plan.distinct.size()),
      steps_left_(kSharedSteps + kStepsEach * plan.distinct.size()) {
  find_candidates();
}

void Resolver::find_candidates() {
  const std::uint32_t count = kernel_.btf->type_count();
  for (std::uint32_t id = 1; id < count; ++id) {
    const auto index = plan_.wanted.find(*kernel_.btf, kernel_.type(id));
    if (!index) continue;
    if (candidates_[*index].size() == kMaxCandidates) {
      gave_up_ = true;
    } else {
      candidates_[*index].push_back(id);
    }
  }
}

Resolver::Finding& Resolver::ask(std::uint32_t distinct, std::uint32_t candidate) {
  const DistinctRelocation& relocation = plan_.distinct[distinct];
  auto& findings = findings_[distinct];
  if (findings.empty()) findings.resize(candidates_[relocation.wanted].size());
  Finding& finding = findings[candidate];
  if (finding.state != Finding::State::kUnknown) return finding;

  const std::uint32_t type_id = candidates_[relocation.wanted][candidate];
  Steps steps{static_cast<std::uint32_t>(std::min<std::uint64_t>(kMaxSteps, steps_left_))};
  steps_left_ -= steps.left;
  const Compared matched =
      match_spec(plan_.spaces[relocation.object], relocation.spec, kernel_, type_id, spec_, steps);
  steps_left_ += steps.left;
  gave_up_ = gave_up_ || steps_left_ == 0;
  if (matched == Compared::kNo) {
    finding.state = Finding::State::kNoMatch;
    return finding;
  }
  finding.state = Finding::State::kRefused;
  if (matched == Compared::kRefused) return finding;
  const Accessor* last = spec_.length == 0 ? nullptr : &spec_.last();
  const auto value =
      relocation_value(kernel_, relocation.spec.kind, type_id, last, spec_.bit_offset);
  if (!value) return finding;
  finding.state = Finding::State::kMatch;
  finding.bit_offset = spec_.bit_offset;
  finding.value = *value;
  return finding;
}

void Resolver::keep_place(std::uint32_t distinct, std::uint32_t candidate, const KeepPlace& keep) {
  Finding& finding = findings_[distinct][candidate];
  if (finding.kept || !keep) return;
  finding.kept = true;
  const DistinctRelocation& relocation = plan_.distinct[distinct];
  Steps steps{kMaxSteps};
  const Compared matched = match_spec(plan_.spaces[relocation.object], relocation.spec, kernel_,
                                      candidates_[relocation.wanted][candidate], spec_, steps);
  if (matched == Compared::kYes) keep(relocation, spec_);
}

std::string Resolver::describe_difference(const DistinctRelocation& relocation, std::uint32_t first,
                                          const Finding& first_finding, std::uint32_t other,
                                          const Finding& other_finding) const {
  const auto& ids = candidates_[relocation.wanted];
  if (first_finding.bit_offset != other_finding.bit_offset) {
    return fmt::format("ambiguous: at bit {} of type ID {}, at bit {} of type ID {}",
                       first_finding.bit_offset, ids[first], other_finding.bit_offset, ids[other]);
  }
  return fmt::format("ambiguous: {} by type ID {}, {} by type ID {}", first_finding.value.value,
                     ids[first], other_finding.value.value, ids[other]);
}

Resolution Resolver::resolve_one(std::uint32_t distinct,
                                 const std::vector<std::uint32_t>& candidates) {
  const DistinctRelocation& relocation = plan_.distinct[distinct];
  Resolution resolution{.state = Resolution::State::kAbsent,
                        .distinct = distinct,
                        .value = {},
                        .target = 0,
                        .reason = {}};
  matching_.clear();
  for (const std::uint32_t candidate : candidates) {
    const Finding& finding = ask(distinct, candidate);
    if (finding.state == Finding::State::kNoMatch) continue;
    const bool ambiguous = resolution.state == Resolution::State::kAmbiguous;
    if (ambiguous && finding.state != Finding::State::kMatch) continue;
    if (finding.state == Finding::State::kRefused) {
      matching_.clear();
      resolution.state = Resolution::State::kRefused;
      resolution.reason =
          fmt::format("type ID {} cannot be followed: its types nest too deep, or have no size",
                      candidates_[relocation.wanted][candidate]);
      return resolution;
    }
    matching_.push_back(candidate);
    const Finding& first = findings_[distinct][matching_.front()];
    if (ambiguous) continue;
    // libbpf compares the values alone; field sizes may differ.
    if (finding.bit_offset == first.bit_offset && finding.value.value == first.value.value) {
      resolution.state = Resolution::State::kResolved;
    } else {
      resolution.state = Resolution::State::kAmbiguous;
      resolution.reason =
          describe_difference(relocation, matching_.front(), first, candidate, finding);
    }
  }
  if (resolution.state == Resolution::State::kResolved) {
    const std::uint32_t first = matching_.front();
    resolution.value = findings_[distinct][first].value;
    resolution.target = candidates_[relocation.wanted][first];
  }
  return resolution;
}

bool Resolver::walk(const RelocationSequence& sequence, KeepWhich which, const KeepPlace& keep,
                    const Answer& answer) {
  std::vector<std::uint32_t> candidates(candidates_[sequence.wanted].size());
  std::iota(candidates.begin(), candidates.end(), 0U);
  bool any_ambiguous = false;
  for (std::size_t i = 0; i < sequence.relocations.size(); ++i) {
    const std::uint32_t distinct = sequence.relocations[i];
    const Resolution resolution = resolve_one(distinct, candidates);
    any_ambiguous = any_ambiguous || resolution.state == Resolution::State::kAmbiguous;
    if (resolution.state == Resolution::State::kResolved && which == KeepWhich::kFirst) {
      keep_place(distinct, matching_.front(), keep);
    } else {
      for (const std::uint32_t candidate : matching_) keep_place(distinct, candidate, keep);
    }
    if (resolution.state == Resolution::State::kResolved) candidates.swap(matching_);
    if (answer) answer(i, resolution);
  }
  return any_ambiguous;
}

void Resolver::resolve(const RelocationSequence& sequence, const KeepPlace& keep,
                       const Answer& answer) {
  // Where a relocation is ambiguous, the loader must find its candidates in the minimized BTF and
  // not have dropped them before: so those that match the relocations around it are all kept, too.
  if (walk(sequence, KeepWhich::kFirst, keep, answer)) {
    walk(sequence, KeepWhich::kAll, keep, nullptr);
  }
}

}  // namespace btfbatch
