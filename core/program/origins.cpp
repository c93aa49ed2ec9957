// BPF_CORE_READ(task, real_parent, tgid) is two relocations, since what a relocation can say ends
// at the first pointer. What ties them together is in the code alone: the first one's offset is
// added to an address, the 8 bytes there are read, by a load or by bpf_probe_read_kernel() into a
// place on the stack, and the second one's offset is added to them.
//
// So the program is walked with three more things to know of a value: it is the offset of a
// relocation, the address of its field, or what was read there. Wherever an offset is added, the
// other summand is the base, and the base says where the pointer comes from. All bases that were
// seen of one relocation must say the same.
#include "core/program/origins.h"

#include <algorithm>
#include <optional>

#include "core/program/opcode.h"
#include "core/program/walk.h"

namespace btfbatch {
namespace {

constexpr std::size_t kMaxSteps = 1U << 20;  // of all programs of one object

// The base to which an instruction adds the offset of a relocation.
struct AddedOffset {
  std::uint64_t relocation = 0;
  KnownValue base;
};

std::optional<AddedOffset> added_offset(const Instruction& instruction, const Patch* patch,
                                        const KnownState& state) {
  if (instruction.dst >= kRegisterCount || instruction.src >= kRegisterCount) return std::nullopt;
  const KnownValue& dst = state.registers[instruction.dst];
  const KnownValue& src = state.registers[instruction.src];
  const bool is_patched = patch != nullptr && patch->kind == Patch::Kind::kDistance;
  switch (instruction.opcode & opcode::kClassMask) {
    case opcode::kLdx:
      return is_patched ? std::optional(AddedOffset{patch->value, src}) : std::nullopt;
    case opcode::kStx:
      // What becomes of an offset in memory is not followed.
      if (src.is_distance()) return AddedOffset{src.number, KnownValue::anything()};
      [[fallthrough]];
    case opcode::kSt:
      return is_patched ? std::optional(AddedOffset{patch->value, dst}) : std::nullopt;
    case opcode::kAlu:
    case opcode::kAlu64:
      break;
    default:
      return std::nullopt;
  }
  if ((instruction.opcode & opcode::kOperationMask) == opcode::kMov) return std::nullopt;
  // Whatever else is done with an offset comes from nowhere.
  const bool is_sum = (instruction.opcode & opcode::kClassMask) == opcode::kAlu64 &&
                      (instruction.opcode & opcode::kOperationMask) == opcode::kAdd;
  const auto base = [&](const KnownValue& value) {
    return is_sum ? value : KnownValue::anything();
  };
  if ((instruction.opcode & opcode::kRegister) == 0) {
    return is_patched ? std::optional(AddedOffset{patch->value, base(dst)}) : std::nullopt;
  }
  if (src.is_distance()) return AddedOffset{src.number, base(dst)};
  if (dst.is_distance()) return AddedOffset{dst.number, base(src)};
  return std::nullopt;
}

// Gathers the bases of each relocation.
class BaseObserver : public WalkObserver {
 public:
  explicit BaseObserver(std::size_t relocations)
      : origins(relocations, kNoOrigin), is_settled_(relocations) {}

  void see(const Instruction& instruction, std::uint32_t, const Patch* patch,
           const KnownState& state) override {
    const auto added = added_offset(instruction, patch, state);
    if (!added) return;
    const std::uint32_t origin =
        added->base.is_loaded() ? static_cast<std::uint32_t>(added->base.number) : kNoOrigin;
    auto& known = origins[added->relocation];
    if (is_settled_[added->relocation] && known != origin) {
      known = kNoOrigin;
    } else {
      known = origin;
    }
    is_settled_[added->relocation] = true;
  }

  // Nothing that was or will be seen of this relocation tells its origin.
  void forget(std::uint32_t relocation) {
    is_settled_[relocation] = true;
    origins[relocation] = kNoOrigin;
  }

  std::vector<std::uint32_t> origins;

 private:
  std::vector<bool> is_settled_;
};

// No code comes to a field by a pointer that it reads there first, but code that was made to puzzle
// may be walked so.
void cut_circles(std::vector<std::uint32_t>& origins) {
  std::vector<std::uint32_t> walked_from(origins.size(), kNoOrigin);
  for (std::uint32_t begin = 0; begin < origins.size(); ++begin) {
    std::uint32_t at = begin;
    while (walked_from[at] == kNoOrigin && origins[at] != kNoOrigin) {
      walked_from[at] = begin;
      at = origins[at];
    }
    if (walked_from[at] == begin) origins[at] = kNoOrigin;
  }
}

// All that a function holds and calls; so much was looked at, measured in steps of a walk.
std::size_t forget_all(const ObjectCode& code, std::uint32_t function, const PatchedPlaces& places,
                       BaseObserver& observer) {
  std::size_t instructions = 0;
  for (const std::uint32_t called : code.call_tree(function)) {
    const Function& f = code.functions()[called];
    instructions += f.end - f.begin;
    for (std::uint32_t at = f.begin; at < f.end; ++at) {
      const std::uint32_t relocation = places.relocation_at(f.section, at);
      if (relocation != PatchedPlaces::kNone) observer.forget(relocation);
    }
  }
  return instructions / 16;
}

}  // namespace

std::vector<std::uint32_t> find_origins(const ObjectCode& code,
                                        std::span<const Relocation> relocations) {
  const std::vector<std::uint32_t> none(relocations.size(), kNoOrigin);
  if (std::ranges::count(relocations, RelocationKind::kFieldByteOffset, &Relocation::kind) < 2) {
    return none;
  }
  const PatchedPlaces places(code, relocations);
  std::vector<Patch> patches(relocations.size());
  for (std::uint32_t i = 0; i < relocations.size(); ++i) {
    if (relocations[i].kind == RelocationKind::kFieldByteOffset) {
      patches[i] = {Patch::Kind::kDistance, i};
    }
  }
  BaseObserver observer(relocations.size());
  std::size_t steps = 0;
  // Programs are global functions, too, and what else is may be called by anyone.
  for (std::uint32_t i = 0; i < code.functions().size(); ++i) {
    if (!code.functions()[i].is_global) continue;
    Walk walk(code, places, patches, observer);
    walk.enter(i);
    steps += walk.steps();
    if (!walk.is_complete()) steps += forget_all(code, i, places, observer);
    if (steps > kMaxSteps) return none;
  }
  cut_circles(observer.origins);
  return std::move(observer.origins);
}

}  // namespace btfbatch
