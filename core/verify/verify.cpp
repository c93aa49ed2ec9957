#include "core/verify/verify.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/relocation/answers.h"
#include "core/relocation/plan.h"

namespace btfbatch {
namespace {

bool names_same_type(const BtfView& a, std::uint32_t a_id, const BtfView& b, std::uint32_t b_id) {
  const btf::Type& a_type = a.type(a_id);
  const btf::Type& b_type = b.type(b_id);
  return a_type.kind() == b_type.kind() &&
         std::string_view(a.string(a_type.name)) == b.string(b_type.name);
}

std::string describe(const RelocationValue& value) {
  if (value.field_size == 0) return fmt::format("{}", value.value);
  return fmt::format("{} ({} bytes{})", value.value, value.field_size,
                     value.resize == Resize::kPointer    ? ", pointer"
                     : value.resize == Resize::kUnsigned ? ", unsigned"
                                                         : "");
}

std::string describe(const Resolution& resolution) {
  switch (resolution.state) {
    case Resolution::State::kResolved:
      return describe(resolution.value);
    case Resolution::State::kAbsent:
      return "absent";
    case Resolution::State::kAmbiguous:
      return "ambiguous";
    case Resolution::State::kRefused:
      return "refused";
  }
  return "unknown";
}

// One kernel with both of its BTFs.
class Verifier {
 public:
  Verifier(const BtfView& full, const BtfView& minimized, const RelocationPlan& plan)
      : plan_(plan),
        full_btf_(full),
        minimized_btf_(minimized),
        full_(full, plan),
        minimized_(minimized, plan, machine_of(full)) {}

  void verify(const RelocationSequence& sequence, VerifyResult& result) {
    const auto expected = answers_to(full_, sequence);
    const auto found = answers_to(minimized_, sequence);
    const bool gave_up = full_.gave_up() || minimized_.gave_up();
    result.relocations += expected.size() * sequence.askers.size();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (!gave_up && patches_alike(expected[i], found[i])) continue;
      const DistinctRelocation& relocation = plan_.distinct[expected[i].distinct];
      const auto reason = fmt::format(
          "{} ({}): full BTF: {}, minimized BTF: {}",
          format_local_spec(plan_.spaces[relocation.object], relocation.spec),
          relocation_kind_name(relocation.spec.kind), describe(expected[i]), describe(found[i]));
      for (const RelocationSequence::Asker& asker : sequence.askers) {
        result.differences.push_back({asker.object, asker.relocations[i], reason});
      }
    }
  }

 private:
  [[nodiscard]] bool patches_alike(const Resolution& expected, const Resolution& found) const {
    if (expected.state != found.state) return false;
    if (expected.state != Resolution::State::kResolved) return true;
    if (plan_.distinct[expected.distinct].spec.kind == RelocationKind::kTypeIdTarget) {
      return names_same_type(full_btf_, expected.target, minimized_btf_, found.target);
    }
    return expected.value == found.value;
  }

  const RelocationPlan& plan_;
  const BtfView& full_btf_;
  const BtfView& minimized_btf_;
  Resolver full_;
  Resolver minimized_;
};

}  // namespace

VerifyResult verify(const BtfView& full, const BtfView& minimized, const ObjectSet& objects) {
  VerifyResult result;
  Verifier verifier(full, minimized, objects.plan());
  for (const RelocationSequence& sequence : objects.plan().sequences) {
    verifier.verify(sequence, result);
  }
  std::ranges::sort(result.differences, {},
                    [](const VerifyDifference& d) { return std::pair(d.object, d.relocation); });
  return result;
}

std::vector<std::uint32_t> objects_with_target_type_ids(const ObjectSet& objects) {
  std::vector<std::uint32_t> found;
  for (std::uint32_t i = 0; i < objects.objects().size(); ++i) {
    const bool asks = std::ranges::any_of(
        objects.objects()[i].relocations,
        [](const Relocation& r) { return r.kind == RelocationKind::kTypeIdTarget; });
    if (asks) found.push_back(i);
  }
  return found;
}

}  // namespace btfbatch
