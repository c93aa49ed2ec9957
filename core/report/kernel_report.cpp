#include "core/report/kernel_report.h"

#include <algorithm>
#include <array>

#include "core/relocation/plan.h"

namespace btfbatch {
namespace {

bool may_be_zero(RelocationKind kind) {
  return kind == RelocationKind::kFieldExists || kind == RelocationKind::kEnumvalExists ||
         (is_type_based(kind) && kind != RelocationKind::kTypeIdLocal);
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
      : objects_(objects), needs_(needs) {}

  KernelReport report(const BtfView&, const Answers& answers) {
    std::vector<std::vector<const Resolution*>> by_object(needs_.size());
    for (std::size_t i = 0; i < needs_.size(); ++i) {
      by_object[i].resize(needs_[i].relocations.size());
    }
    const RelocationPlan& plan = objects_.plan();
    for (std::size_t i = 0; i < plan.sequences.size(); ++i) {
      for (const RelocationSequence::Asker& asker : plan.sequences[i].askers) {
        for (std::size_t at = 0; at < asker.relocations.size(); ++at) {
          by_object[asker.object][asker.relocations[at]] = &answers.sequences[i][at];
        }
      }
    }
    KernelReport report;
    for (std::size_t i = 0; i < needs_.size(); ++i) {
      ObjectReport object;
      for (const Resolution* answer : by_object[i]) {
        object.values.push_back(answer != nullptr ? answer->value.value : 0);
      }
      for (const RelocationSite& site : needs_[i].sites) {
        object.sites.push_back(
            state_of(needs_[i].relocations[site.relocation].kind, by_object[i][site.relocation]));
      }
      report.push_back(std::make_shared<const ObjectReport>(std::move(object)));
    }
    return report;
  }

 private:
  static RelocationState state_of(RelocationKind kind, const Resolution* answer) {
    if (answer == nullptr || answer->state == Resolution::State::kResolved) {
      return RelocationState::kResolved;
    }
    if (answer->state != Resolution::State::kAbsent) return RelocationState::kAmbiguous;
    return may_be_zero(kind) ? RelocationState::kAbsent : RelocationState::kBroken;
  }

  const ObjectSet& objects_;
  std::span<const ObjectNeeds> needs_;
};

KernelReporter::KernelReporter(const ObjectSet& objects, std::span<const ObjectNeeds> needs)
    : impl_(std::make_unique<Impl>(objects, needs)) {}
KernelReporter::~KernelReporter() = default;

KernelReport KernelReporter::report(const BtfView& kernel, const Answers& answers) {
  return impl_->report(kernel, answers);
}

}  // namespace btfbatch
