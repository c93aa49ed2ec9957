#include "core/report/patches.h"

#include <fmt/format.h>

#include <limits>

#include "core/btf/type_text.h"
#include "core/program/opcode.h"
#include "core/relocation/match.h"
#include "core/relocation/value.h"

namespace btfbatch {
namespace {

constexpr std::uint32_t kMaxSteps = 1U << 20;

PatchedUse use_of(const Instruction& instruction) {
  switch (instruction.opcode & opcode::kClassMask) {
    case opcode::kAlu:
    case opcode::kAlu64:
      return (instruction.opcode & opcode::kRegister) == 0 ? PatchedUse::kNumber
                                                           : PatchedUse::kUnknown;
    case opcode::kLd:
      return instruction.is_wide() ? PatchedUse::kNumber : PatchedUse::kUnknown;
    case opcode::kLdx:
    case opcode::kSt:
    case opcode::kStx:
      return PatchedUse::kLoadOrStore;
    default:
      return PatchedUse::kUnknown;
  }
}

// The type of a field, behind typedefs; 0 where it has none.
std::uint32_t type_of(const TypeSpace& space, const Accessor& accessor) {
  if (accessor.name == nullptr) return accessor.type_id;
  const btf::Member& member = BtfView::members(space.type(accessor.type_id))[accessor.index];
  return skip_modifiers_and_typedefs(*space.btf, member.type).value_or(0);
}

bool is_unsigned(const btf::Type& t) {
  return t.kind() == btf::Kind::kInt && !btf::int_is_signed(BtfView::int_word(t));
}

bool fits_an_instruction(std::uint32_t size) {
  return size == 1 || size == 2 || size == 4 || size == 8;
}

}  // namespace

std::vector<PatchedUse> patched_uses(const Object& object, const ObjectCode* code) {
  std::vector<PatchedUse> uses(object.relocations.size(), PatchedUse::kUnknown);
  if (code == nullptr) return uses;
  for (std::size_t i = 0; i < uses.size(); ++i) {
    const auto section = code->find_section(object.relocations[i].section);
    if (!section) continue;
    const auto& instructions = code->sections().at(*section).instructions;
    const std::uint32_t at = object.relocations[i].instruction / kInstructionSize;
    if (at < instructions.size()) uses[i] = use_of(instructions[at]);
  }
  return uses;
}

std::optional<LoadMisfit> load_misfit(const TypeSpace& local, const DistinctRelocation& relocation,
                                      const TypeSpace& kernel, const Resolution& found) {
  if (relocation.spec.kind != RelocationKind::kFieldByteOffset ||
      relocation.spec.accessors.empty()) {
    return std::nullopt;
  }
  if (found.value.value > std::numeric_limits<std::int16_t>::max()) {
    return LoadMisfit{
        true, fmt::format("at byte {}, farther than one load or store reaches", found.value.value)};
  }
  const Accessor& asked = relocation.spec.accessors.back();
  const auto expected = relocation_value(local, relocation.spec.kind, relocation.spec.root_type,
                                         &asked, relocation.spec.bit_offset);
  if (!expected || expected->field_size == found.value.field_size) return std::nullopt;
  TargetSpec place;
  Steps steps{kMaxSteps};
  if (match_spec(local, relocation.spec, kernel, found.target, place, steps) != Compared::kYes ||
      place.length == 0) {
    return std::nullopt;
  }
  // libbpf takes no note of the types of bitfields.
  const std::uint32_t asked_id = expected->field_size == 0 ? 0 : type_of(local, asked);
  const std::uint32_t found_id = found.value.field_size == 0 ? 0 : type_of(kernel, place.last());
  const btf::Type& asked_type = local.type(asked_id);
  const btf::Type& found_type = kernel.type(found_id);
  const bool are_pointers =
      asked_type.kind() == btf::Kind::kPtr && found_type.kind() == btf::Kind::kPtr;
  if (!are_pointers && !(is_unsigned(asked_type) && is_unsigned(found_type))) {
    return LoadMisfit{false, fmt::format("{} bytes ({}), the program reads or writes {} ({})",
                                         found.value.field_size, type_text(*kernel.btf, found_id),
                                         expected->field_size, type_text(*local.btf, asked_id))};
  }
  if (!fits_an_instruction(found.value.field_size)) {
    return LoadMisfit{
        true, fmt::format("{} bytes, for which there is no load or store", found.value.field_size)};
  }
  return std::nullopt;
}

bool may_be_zero(RelocationKind kind) {
  return kind == RelocationKind::kFieldExists || kind == RelocationKind::kEnumvalExists ||
         (is_type_based(kind) && kind != RelocationKind::kTypeIdLocal);
}

}  // namespace btfbatch
