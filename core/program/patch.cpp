#include "core/program/patch.h"

namespace btfbatch {

PatchedPlaces::PatchedPlaces(const ObjectCode& code, std::span<const Relocation> relocations) {
  for (std::uint32_t i = 0; i < relocations.size(); ++i) {
    const auto index = code.find_section(relocations[i].section);
    if (!index) continue;
    const std::size_t count = code.sections().at(*index).instructions.size();
    const std::uint32_t instruction = relocations[i].instruction / kInstructionSize;
    if (instruction >= count) continue;
    if (*index >= sections_.size()) sections_.resize(*index + 1);
    auto& places = sections_[*index];
    if (places.empty()) places.assign(count, kNone);
    places[instruction] = i;
  }
}

std::uint32_t PatchedPlaces::relocation_at(std::uint32_t section, std::uint32_t instruction) const {
  if (section >= sections_.size() || instruction >= sections_[section].size()) return kNone;
  return sections_[section][instruction];
}

}  // namespace btfbatch
