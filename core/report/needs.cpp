#include "core/report/needs.h"

#include <algorithm>

#include "core/relocation/plan.h"

namespace btfbatch {
namespace {

RelocationNeed relocation_need(const TypeSpace& space, const Relocation& relocation) {
  RelocationNeed need{.kind = relocation.kind,
                      .path = {},
                      .section = std::string(relocation.section),
                      .instruction = relocation.instruction,
                      .function = {},
                      .source = {}};
  // ObjectSet::make has understood it before.
  if (const auto spec = parse_local_spec(space, relocation)) {
    need.path = format_local_spec(space, *spec);
  }
  return need;
}

ObjectNeeds object_needs(const Object& object, const TypeSpace& space) {
  ObjectNeeds needs;
  needs.name = object.name;
  for (const Program& program : object.programs) {
    needs.programs.push_back(
        {.name = program.name, .section = program.section, .type = program.type, .kernel_btf = {}});
  }
  for (const Relocation& relocation : object.relocations) {
    const auto index = static_cast<std::uint32_t>(needs.relocations.size());
    needs.relocations.push_back(relocation_need(space, relocation));
    const std::size_t before = needs.sites.size();
    for (std::uint32_t i = 0; i < needs.programs.size(); ++i) {
      if (needs.programs[i].section == relocation.section) needs.sites.push_back({i, index});
    }
    if (needs.sites.size() == before) {
      needs.sites.push_back({RelocationSite::kNoProgram, index});
    }
  }
  std::ranges::sort(needs.sites);
  return needs;
}

}  // namespace

std::vector<ObjectNeeds> needs_of(const ObjectSet& objects) {
  std::vector<ObjectNeeds> all;
  for (std::size_t i = 0; i < objects.objects().size(); ++i) {
    all.push_back(object_needs(objects.objects()[i], objects.plan().spaces[i]));
  }
  return all;
}

}  // namespace btfbatch
