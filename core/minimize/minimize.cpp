// bpftool's btfgen in three steps: ask every relocation of the kernel, marking the places found;
// copy the marked types, with the marked members of structs and unions, in the order of their type
// IDs; then replace old type IDs by new ones, 0 (void) where the type was not kept.
#include "core/minimize/minimize.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/btf/builder.h"
#include "core/btf/visit.h"
#include "core/minimize/marks.h"
#include "core/relocation/plan.h"
#include "core/relocation/resolver.h"

namespace btfbatch {
namespace {

// A composite with only those of its members that are marked. As libbpf's btf__add_field does, it
// has the kind_flag only where a kept member is a bitfield.
void copy_composite(const BtfView& kernel, const btf::Type& t,
                    std::span<const std::pair<std::uint32_t, std::uint32_t>> kept,
                    BtfBuilder& builder, std::vector<std::uint32_t>& words) {
  words = {builder.add_string(kernel.string(t.name)), 0, t.size_or_type};
  bool any_bitfield = false;
  for (const auto& [type_id, index] : kept) {
    const btf::Member& member = BtfView::members(t)[index];
    const auto [bit_offset, bitfield_size] = place_of(t, member);
    any_bitfield = any_bitfield || bitfield_size != 0 || bit_offset % 8 != 0;
    words.push_back(builder.add_string(kernel.string(member.name)));
    words.push_back(member.type);
    words.push_back(member.offset);
  }
  const bool kind_flag = t.kind_flag() && any_bitfield;
  words[1] = static_cast<std::uint32_t>(kept.size()) | static_cast<std::uint32_t>(t.kind()) << 24 |
             static_cast<std::uint32_t>(kind_flag) << 31;
  builder.add_type(words);
}

void copy_whole(const BtfView& kernel, const btf::Type& t, BtfBuilder& builder,
                std::vector<std::uint32_t>& words) {
  const auto* first = std::bit_cast<const std::uint32_t*>(&t);
  words.assign(first, first + btf::type_size(first[1]) / sizeof(std::uint32_t));
  btf::visit_words(
      words.data(), [&](std::uint32_t& name) { name = builder.add_string(kernel.string(name)); },
      [](std::uint32_t) {});
  builder.add_type(words);
}

// A name may begin within another, so that a small string section could be blown up to terabytes of
// names that stand alone. Compilers and pahole share nothing, linkers share endings here and there.
constexpr std::uint64_t kMaxStringGrowth = 4;

Result<MinimizedBtf> emit(const BtfView& kernel, const Marks& marks) {
  BtfBuilder builder;
  std::vector<std::uint32_t> new_ids(kernel.type_count());
  std::vector<std::uint32_t> words;  // reused from type to type
  const auto members = marks.members();
  auto member = members.begin();
  for (const std::uint32_t id : marks.types()) {
    const btf::Type& t = kernel.type(id);
    const auto first = std::find_if(member, members.end(), [&](auto& m) { return m.first >= id; });
    member = std::find_if(first, members.end(), [&](auto& m) { return m.first > id; });
    if (is_composite(t.kind())) {
      copy_composite(kernel, t, {first, member}, builder, words);
    } else {
      copy_whole(kernel, t, builder, words);
    }
    new_ids[id] = builder.type_count();
    if (builder.string_size() > kMaxStringGrowth * kernel.string_size()) {
      return fail("string section: names within names make too much of it");
    }
  }
  MinimizedBtf minimized;
  minimized.type_count = builder.type_count();
  minimized.bytes = builder.finish(new_ids);
  minimized.id = content_id_of(minimized.bytes);
  return minimized;
}

std::string describe(const ObjectSet& objects, const DistinctRelocation& relocation,
                     const std::string& reason) {
  return fmt::format("{} ({}): {}",
                     format_local_spec(objects.plan().spaces[relocation.object], relocation.spec),
                     relocation_kind_name(relocation.spec.kind), reason);
}

}  // namespace

Result<MinimizedBtf> minimize(const BtfView& kernel, const ObjectSet& objects, Answers* answers) {
  const RelocationPlan& plan = objects.plan();
  Resolver resolver(kernel, plan);
  Marks marks(kernel);
  std::vector<UnanswerableRelocation> unanswerable;
  bool marked = true;

  for (const RelocationSequence& sequence : plan.sequences) {
    if (resolver.gave_up()) break;
    if (answers != nullptr) answers->sequences.emplace_back();
    resolver.resolve(
        sequence,
        [&](const DistinctRelocation& relocation, const TargetSpec& place) {
          marked = marks.keep(relocation.spec.kind, place) && marked;
        },
        [&](std::size_t position, const Resolution& resolution) {
          if (answers != nullptr) answers->sequences.back().push_back(resolution);
          if (resolution.reason.empty()) return;
          const auto reason =
              describe(objects, plan.distinct[resolution.distinct], resolution.reason);
          for (const RelocationSequence::Asker& asker : sequence.askers) {
            unanswerable.push_back({asker.object, asker.relocations[position], reason});
          }
        });
  }
  if (resolver.gave_up()) {
    return fail("types of the same name, or within each other, are more than could be searched");
  }
  if (answers != nullptr) answers->candidates = resolver.candidates();
  if (!marked) return fail("a struct has members of the same name within each other");

  auto minimized = emit(kernel, marks);
  if (!minimized) return minimized;
  std::ranges::sort(unanswerable, {}, [](const UnanswerableRelocation& u) {
    return std::pair(u.object, u.relocation);
  });
  minimized->unanswerable = std::move(unanswerable);
  return minimized;
}

}  // namespace btfbatch
