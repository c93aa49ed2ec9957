// The verifier refuses a poisoned instruction only where it comes to it. A program that asks first
// (`if (bpf_core_field_exists(…))`) never does: the answer is a number in the code by then, and the
// branch on it goes one way.
//
// So do here what the verifier does, as far as it takes: walk the program from its entry, with what
// is known of each register and each place on the stack, and take only the branches that what is
// known allows. Numbers come from the code and from the relocations; what is read from memory, maps
// or helpers is not known, and a branch on it goes both ways. That leaves three differences to the
// verifier, which goes along every single path and follows ranges and bits, too:
//
// - Where paths meet, up to kMaxStates different states go on side by side; the ones beyond are
//   joined to what they have in common. So loops come to an end without being unrolled.
// - Frozen maps (.rodata, .kconfig) have values for the verifier, which the application sets when
// it
//   loads the object. Here they are not known: an instruction that only LINUX_KERNEL_VERSION guards
//   is reached.
// - Static functions are walked once for each set of arguments, and write to the caller's stack as
//   if to all of it, where they are handed a pointer into it.
//
// All three err to the same side: what is not reached here, the verifier does not reach either.
// Nothing is assumed that the verifier would not know (it does not follow divisions, for one), and
// a branch that cannot be followed (indirect, out of the function, too deep, too long) makes the
// result incomplete. Other than the verifier, the walk goes on behind a poisoned instruction, as if
// it gave some number, so that all that have to be mended are found at once.
//
// Costs some 50 ns for each instruction of each walk; a program has some thousand.
#include "core/program/reach.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>

#include "core/program/opcode.h"
#include "core/program/state.h"

namespace btfbatch {
namespace {

constexpr std::size_t kMaxSteps = 1U << 18;   // instructions walked for one program
constexpr std::size_t kMaxStates = 8;         // side by side at one place
constexpr std::size_t kMaxStored = 1U << 15;  // states of one program
constexpr int kMaxDepth = 8;                  // functions within each other, as in the kernel

using Arguments = std::array<KnownValue, 5>;

constexpr Arguments kUnknownArguments = {KnownValue::no_frame(), KnownValue::no_frame(),
                                         KnownValue::no_frame(), KnownValue::no_frame(),
                                         KnownValue::no_frame()};

std::uint32_t size_of_access(const Instruction& instruction) {
  switch (instruction.opcode & opcode::kSizeMask) {
    case opcode::kByte:
      return 1;
    case opcode::kHalf:
      return 2;
    case opcode::kWord:
      return 4;
    default:
      return 8;
  }
}

KnownValue immediate_of(const Instruction& instruction) {
  return KnownValue::constant(static_cast<std::uint64_t>(std::int64_t{instruction.imm}));
}

// One program on one kernel.
class Walk {
 public:
  Walk(const ObjectCode& code, const PatchedPlaces& places, std::span<const Patch> patches,
       GlobalFunctions globals)
      : code_(code), places_(places), patches_(patches), globals_(globals) {}

  Reach follow(std::uint32_t entry) {
    call(entry, kUnknownArguments, 0);
    if (globals_ == GlobalFunctions::kAlways) {
      for (const std::uint32_t function : code_.call_tree(entry)) {
        if (function != entry && code_.functions()[function].is_global) {
          call(function, kUnknownArguments, 0);
        }
      }
    }
    std::ranges::sort(reach_.poisoned);
    const auto rest = std::ranges::unique(reach_.poisoned);
    reach_.poisoned.erase(rest.begin(), rest.end());
    return std::move(reach_);
  }

 private:
  friend class FunctionWalk;

  // What a function returns; nothing where no way leads to its end.
  std::optional<KnownValue> call(std::uint32_t function, const Arguments& arguments, int depth);

  void give_up() { reach_.complete = false; }

  const ObjectCode& code_;
  const PatchedPlaces& places_;
  std::span<const Patch> patches_;
  GlobalFunctions globals_;
  Reach reach_;
  std::size_t steps_ = 0;
  std::size_t stored_ = 0;

  struct Called {
    bool done = false;
    std::optional<KnownValue> result;
  };
  using CallKey = std::pair<std::uint32_t, std::vector<std::pair<int, std::uint64_t>>>;
  std::map<CallKey, Called> called_;
};

// One function of it, with one set of arguments.
class FunctionWalk {
 public:
  FunctionWalk(Walk& walk, const Function& function, int depth)
      : walk_(walk), function_(function), section_(walk.code_.section_of(function)), depth_(depth) {
    find_meeting_places();
  }

  std::optional<KnownValue> run(const Arguments& arguments) {
    go_to(function_.begin, KnownState(arguments));
    while (!waiting_.empty()) {
      const auto [at, index] = waiting_.front();
      waiting_.pop_front();
      run_from(at, states_[at][index]);
    }
    return result_;
  }

 private:
  // Where ways meet or part: the targets of jumps.
  void find_meeting_places() {
    is_target_.resize(function_.end - function_.begin);
    for (std::uint32_t at = function_.begin; at < function_.end; ++at) {
      const Instruction& instruction = section_.instructions[at];
      const std::uint8_t kind = instruction.opcode & opcode::kClassMask;
      if (kind != opcode::kJmp && kind != opcode::kJmp32) continue;
      const std::uint8_t operation = instruction.opcode & opcode::kOperationMask;
      if (operation == opcode::kCall || operation == opcode::kExit) continue;
      const std::int64_t target = target_of(at, instruction);
      if (is_inside(target)) {
        is_target_[static_cast<std::size_t>(target - function_.begin)] = true;
      }
    }
  }

  [[nodiscard]] bool is_inside(std::int64_t at) const {
    return at >= function_.begin && at < function_.end;
  }

  static std::int64_t target_of(std::uint32_t at, const Instruction& instruction) {
    const bool is_far = instruction.opcode == (opcode::kJmp32 | opcode::kJa);
    return std::int64_t{at} + 1 + (is_far ? instruction.imm : instruction.offset);
  }

  // Notes that the function goes on at `at` with `state`, unless that is known already.
  void go_to(std::int64_t at, const KnownState& state) {
    if (!is_inside(at)) {
      walk_.give_up();
      return;
    }
    const auto place = static_cast<std::uint32_t>(at);
    auto& states = states_[place];
    for (const KnownState& known : states) {
      if (known.covers(state)) return;
    }
    if (states.size() < kMaxStates && walk_.stored_ < kMaxStored) {
      ++walk_.stored_;
      states.push_back(state);
    } else if (states.empty()) {
      walk_.give_up();
      return;
    } else {
      states.back() = states.back().joined_with(state);
    }
    waiting_.emplace_back(place, states.size() - 1);
  }

  void run_from(std::uint32_t at, KnownState state) {
    for (bool first = true; is_inside(at); first = false) {
      if (!first && is_target_[at - function_.begin]) {
        go_to(at, state);
        return;
      }
      if (walk_.steps_ == kMaxSteps || !walk_.reach_.complete) {
        walk_.give_up();
        return;
      }
      ++walk_.steps_;
      const Patch* patch = patch_at(at);
      if (patch != nullptr && patch->kind == Patch::Kind::kPoisoned) {
        walk_.reach_.poisoned.push_back(walk_.places_.relocation_at(function_.section, at));
      }
      const Instruction& instruction = section_.instructions[at];
      switch (step(at, instruction, patch, state)) {
        case Next::kBehind:
          at += instruction.is_wide() ? 2 : 1;
          break;
        case Next::kNowhere:
          return;
      }
    }
    walk_.give_up();  // the verifier refuses a function that does not end
  }

  enum class Next : std::uint8_t { kBehind, kNowhere };

  Next step(std::uint32_t at, const Instruction& instruction, const Patch* patch,
            KnownState& state) {
    switch (instruction.opcode & opcode::kClassMask) {
      case opcode::kLd:
        return load_constant(at, instruction, patch, state);
      case opcode::kLdx:
        load(instruction, patch, state);
        return Next::kBehind;
      case opcode::kSt:
      case opcode::kStx:
        store(instruction, patch, state);
        return Next::kBehind;
      case opcode::kAlu:
      case opcode::kAlu64:
        compute(instruction, patch, state);
        return Next::kBehind;
      default:
        return jump(at, instruction, state);
    }
  }

  [[nodiscard]] const Patch* patch_at(std::uint32_t at) const {
    const std::uint32_t relocation = walk_.places_.relocation_at(function_.section, at);
    return relocation == PatchedPlaces::kNone ? nullptr : &walk_.patches_[relocation];
  }

  [[nodiscard]] const CodeReference* reference_at(std::uint32_t at) const {
    const auto found = section_.references.find(at);
    return found == section_.references.end() ? nullptr : &found->second;
  }

  // ld_imm64, or one of the old loads from a packet, which may also end the program.
  Next load_constant(std::uint32_t at, const Instruction& instruction, const Patch* patch,
                     KnownState& state) {
    if (!instruction.is_wide()) {
      forget_arguments(state);
      state.registers[0] = KnownValue::no_frame();
      return Next::kBehind;
    }
    if (at + 1 >= function_.end || instruction.dst >= kFrameRegister) {
      walk_.give_up();
      return Next::kNowhere;
    }
    KnownValue& value = state.registers[instruction.dst];
    value = KnownValue::no_frame();
    const CodeReference* reference = reference_at(at);
    if (reference != nullptr && reference->function != CodeReference::kNoFunction) {
      // A callback: from here on some helper may call it.
      walk_.call(reference->function, kUnknownArguments, depth_ + 1);
    } else if (instruction.src == opcode::kPseudoFunction) {
      walk_.give_up();
    } else if (patch != nullptr) {
      if (patch->kind == Patch::Kind::kNumber) value = KnownValue::constant(patch->value);
    } else if (reference == nullptr && instruction.src == 0) {
      const auto low = static_cast<std::uint32_t>(instruction.imm);
      const auto high = static_cast<std::uint32_t>(section_.instructions[at + 1].imm);
      value = KnownValue::constant(std::uint64_t{high} << 32 | low);
    }
    return Next::kBehind;
  }

  void load(const Instruction& instruction, const Patch* patch, KnownState& state) {
    if (instruction.dst >= kFrameRegister || instruction.src >= kRegisterCount) {
      walk_.give_up();
      return;
    }
    const std::uint32_t size = size_of_access(instruction);
    const KnownValue& from = state.registers[instruction.src];
    KnownValue value = KnownValue::no_frame();
    const bool is_plain = (instruction.opcode & opcode::kModeMask) == opcode::kMem;
    if (from.is_frame() && is_plain && patch == nullptr) {
      value = state.load(static_cast<std::int64_t>(from.number) + instruction.offset, size);
    } else if (from.may_be_frame() && size == 8) {
      value = KnownValue::anything();
    }
    state.registers[instruction.dst] = value;
  }

  void store(const Instruction& instruction, const Patch* patch, KnownState& state) {
    if (instruction.dst >= kRegisterCount || instruction.src >= kRegisterCount) {
      walk_.give_up();
      return;
    }
    const bool is_register = (instruction.opcode & opcode::kClassMask) == opcode::kStx;
    const bool is_plain = (instruction.opcode & opcode::kModeMask) == opcode::kMem;
    const std::uint32_t size = size_of_access(instruction);
    const KnownValue to = state.registers[instruction.dst];
    if (to.is_frame() && patch == nullptr) {
      const std::int64_t distance = static_cast<std::int64_t>(to.number) + instruction.offset;
      if (is_plain) {
        state.store(distance, size,
                    is_register ? state.registers[instruction.src] : immediate_of(instruction));
      } else {
        state.forget_stack(distance, distance + size);
      }
    } else if (to.may_be_frame()) {
      state.forget_stack();
    }
    if (is_register && !is_plain) {  // an atomic operation may give back the old value
      if (instruction.src < kFrameRegister) {
        state.registers[instruction.src] = KnownValue::anything();
      }
      state.registers[0] = KnownValue::anything();
    }
  }

  void compute(const Instruction& instruction, const Patch* patch, KnownState& state) {
    if (instruction.dst >= kFrameRegister || instruction.src >= kRegisterCount) {
      walk_.give_up();
      return;
    }
    const bool is_32 = (instruction.opcode & opcode::kClassMask) == opcode::kAlu;
    const std::uint8_t operation = instruction.opcode & opcode::kOperationMask;
    KnownValue right = immediate_of(instruction);
    if ((instruction.opcode & opcode::kRegister) != 0) {
      right = state.registers[instruction.src];
    } else if (patch != nullptr) {
      right = patch->kind == Patch::Kind::kNumber
                  ? KnownValue::constant(static_cast<std::uint64_t>(
                        std::int64_t{static_cast<std::int32_t>(patch->value)}))
                  : KnownValue::no_frame();
    }
    KnownValue& left = state.registers[instruction.dst];
    if (operation != opcode::kMov) {
      left = instruction.offset == 0 ? calculate(operation, is_32, left, right)
                                     : calculate(operation, is_32, left, KnownValue::anything());
    } else if (instruction.offset != 0) {  // extends a sign, or casts an address space
      left = right.may_be_frame() ? KnownValue::anything() : KnownValue::no_frame();
    } else if (is_32) {
      left = right.is_number()      ? KnownValue::constant(right.number & 0xffffffffU)
             : right.may_be_frame() ? KnownValue::anything()
                                    : KnownValue::no_frame();
    } else {
      left = right;
    }
  }

  Next jump(std::uint32_t at, const Instruction& instruction, KnownState& state) {
    const bool is_32 = (instruction.opcode & opcode::kClassMask) == opcode::kJmp32;
    const std::uint8_t operation = instruction.opcode & opcode::kOperationMask;
    const bool is_register = (instruction.opcode & opcode::kRegister) != 0;
    if (operation == opcode::kExit && !is_32) {
      const KnownValue value = state.registers[0];
      result_ = result_ ? result_->joined_with(value) : value;
      return Next::kNowhere;
    }
    if (operation == opcode::kCall && !is_32) {
      return call(at, instruction, state) ? Next::kBehind : Next::kNowhere;
    }
    if (operation == opcode::kJa) {
      if (is_register) {
        walk_.give_up();
      } else {
        go_to(target_of(at, instruction), state);
      }
      return Next::kNowhere;
    }
    if (operation == opcode::kJcond || instruction.dst >= kRegisterCount ||
        instruction.src >= kRegisterCount) {
      go_to(target_of(at, instruction), state);
      return Next::kBehind;
    }
    return branch(at, instruction, operation, is_32, is_register, state);
  }

  Next branch(std::uint32_t at, const Instruction& instruction, std::uint8_t operation, bool is_32,
              bool is_register, KnownState& state) {
    KnownValue& left = state.registers[instruction.dst];
    const KnownValue right =
        is_register ? state.registers[instruction.src] : immediate_of(instruction);
    const auto taken = is_taken(operation, is_32, left, right);
    const bool shows_equal = !is_32 && right.is_number() && !left.is_frame();
    if (!taken.has_value() || *taken) {
      KnownState there = state;
      if (!taken && shows_equal && operation == opcode::kJeq) {
        there.registers[instruction.dst] = right;
      }
      go_to(target_of(at, instruction), there);
    }
    if (taken.has_value() && *taken) return Next::kNowhere;
    if (!taken && shows_equal && operation == opcode::kJne) left = right;
    return Next::kBehind;
  }

  // Whether the call comes back.
  bool call(std::uint32_t at, const Instruction& instruction, KnownState& state) {
    const CodeReference* reference = reference_at(at);
    Arguments arguments;
    bool any_frame = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const KnownValue& argument = state.registers[i + 1];
      any_frame = any_frame || argument.may_be_frame();
      // The caller's frame is another than the callee's.
      arguments[i] = argument.is_number() ? argument : KnownValue::no_frame();
    }
    KnownValue result = any_frame ? KnownValue::anything() : KnownValue::no_frame();
    if (reference != nullptr && reference->function != CodeReference::kNoFunction) {
      const bool is_global = walk_.code_.functions()[reference->function].is_global;
      const auto returned =
          walk_.call(reference->function, is_global ? kUnknownArguments : arguments, depth_ + 1);
      if (!returned) return false;
      if (!is_global && returned->is_number()) result = *returned;
      if (any_frame) state.forget_stack();
    } else {
      if ((reference == nullptr || reference->name.empty()) && is_function_call(instruction)) {
        walk_.give_up();
      }
      forget_what_is_written(instruction, state);
    }
    forget_arguments(state);
    state.registers[0] = result;
    return true;
  }

  // A helper or kernel function writes through pointers that it is handed. Where a helper takes a
  // size, it is the argument behind the pointer. Kernel functions may be of any kind.
  static void forget_what_is_written(const Instruction& call, KnownState& state) {
    const bool is_helper = call.src == 0;
    if (is_helper && std::ranges::find(kOnlyReading, call.imm) != kOnlyReading.end()) return;
    for (std::size_t i = 1; i <= 5; ++i) {
      const KnownValue& pointer = state.registers[i];
      if (!pointer.may_be_frame()) continue;
      if (!pointer.is_frame()) {
        state.forget_stack();
        return;
      }
      const auto from = static_cast<std::int64_t>(pointer.number);
      const KnownValue size = i < 5 ? state.registers[i + 1] : KnownValue::anything();
      if (is_helper && size.is_number() && size.number > 0 && size.number <= kStackSize) {
        state.forget_stack(from, from + static_cast<std::int64_t>(std::max(size.number, kLeast)));
      } else {
        state.forget_stack();
      }
    }
  }

  static void forget_arguments(KnownState& state) {
    for (std::size_t i = 1; i <= 5; ++i) state.registers[i] = KnownValue::no_frame();
  }

  static constexpr std::uint64_t kStackSize = 512;  // bytes
  // Of what a helper writes that takes no size (bpf_strtol, a dynptr), where something else is in
  // the register behind.
  static constexpr std::uint64_t kLeast = 16;
  // Helpers that write nothing through their arguments, by their numbers in uapi/linux/bpf.h:
  // map_lookup_elem, map_update_elem, map_delete_elem, trace_printk, tail_call, perf_event_output,
  // get_stackid, map_push_elem, ringbuf_output, map_lookup_percpu_elem.
  static constexpr std::array kOnlyReading = {1, 2, 3, 6, 12, 25, 27, 87, 130, 195};

  Walk& walk_;
  const Function& function_;
  const CodeSection& section_;
  int depth_;
  std::vector<bool> is_target_;                                // by instruction, from `begin`
  std::map<std::uint32_t, std::vector<KnownState>> states_;    // by instruction
  std::deque<std::pair<std::uint32_t, std::size_t>> waiting_;  // into states_
  std::optional<KnownValue> result_;
};

std::optional<KnownValue> Walk::call(std::uint32_t function, const Arguments& arguments,
                                     int depth) {
  if (depth == kMaxDepth) {
    give_up();
    return KnownValue::no_frame();
  }
  CallKey key{function, {}};
  for (const KnownValue& argument : arguments) {
    key.second.emplace_back(static_cast<int>(argument.kind), argument.number);
  }
  const auto [place, is_new] = called_.try_emplace(std::move(key));
  Called& called = place->second;
  if (is_new) {
    called.result = FunctionWalk(*this, code_.functions()[function], depth).run(arguments);
    called.done = true;
  } else if (!called.done) {
    give_up();  // calls itself
    return KnownValue::no_frame();
  }
  return called.result;
}

}  // namespace

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

Reach follow(const ObjectCode& code, std::uint32_t entry, const PatchedPlaces& places,
             std::span<const Patch> patches, GlobalFunctions globals) {
  return Walk(code, places, patches, globals).follow(entry);
}

}  // namespace btfbatch
