// Does what the verifier does, as far as it takes: walks the program from its entry, with what is
// known of each register and each place on the stack, and takes only the branches that what is
// known allows. Numbers come from the code and from the relocations; what is read from memory, maps
// or helpers is not known, and a branch on it goes both ways. That leaves three differences to the
// verifier, which goes along every single path and follows ranges and bits, too:
//
// - Where paths meet, up to WalkLimits::states different states go on side by side; the ones beyond
//   are joined to what they have in common. So loops come to an end without being unrolled.
// - Frozen maps (.rodata, .kconfig) have values for the verifier, which the application sets when
//   it loads the object. Here they are not known: an instruction that only LINUX_KERNEL_VERSION
//   guards is reached.
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
#include "core/program/walk.h"

#include <deque>

#include "core/program/effects.h"
#include "core/program/opcode.h"

namespace btfbatch {
namespace {

constexpr std::size_t kMaxStored = 1U << 20;  // values in the states of one walk
constexpr int kMaxDepth = 8;                  // functions within each other, as in the kernel

constexpr std::array<KnownValue, 5> kUnknownArguments = {
    KnownValue::no_frame(), KnownValue::no_frame(), KnownValue::no_frame(), KnownValue::no_frame(),
    KnownValue::no_frame()};

}  // namespace

// One function of it, with one set of arguments.
class FunctionWalk {
 public:
  FunctionWalk(Walk& walk, const Function& function, int depth)
      : walk_(walk), function_(function), section_(walk.code_.section_of(function)), depth_(depth) {
    find_meeting_places();
  }

  std::optional<KnownValue> run(const Walk::Arguments& arguments) {
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
    walk_.steps_ += states.size() * state.stack_size() / 32;  // comparing takes time, too
    for (const KnownState& known : states) {
      if (known.covers(state)) return;
    }
    const std::size_t values = kRegisterCount + state.stack_size();
    if (states.size() < walk_.limits_.states && walk_.stored_ + values <= kMaxStored) {
      walk_.stored_ += values;
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
      if (walk_.steps_ >= walk_.limits_.steps || !walk_.is_complete_) {
        walk_.give_up();
        return;
      }
      ++walk_.steps_;
      const Instruction& instruction = section_.instructions[at];
      const std::uint32_t relocation = walk_.places_.relocation_at(function_.section, at);
      const Patch* patch =
          relocation == PatchedPlaces::kNone ? nullptr : &walk_.patches_[relocation];
      walk_.observer_.see(instruction, relocation, patch, state);
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

  Next behind_if(bool is_valid) {
    if (!is_valid) walk_.give_up();
    return is_valid ? Next::kBehind : Next::kNowhere;
  }

  Next step(std::uint32_t at, const Instruction& instruction, const Patch* patch,
            KnownState& state) {
    switch (instruction.opcode & opcode::kClassMask) {
      case opcode::kLd:
        return load_constant(at, instruction, patch, state);
      case opcode::kLdx:
        return behind_if(effect::load(instruction, patch, state));
      case opcode::kSt:
      case opcode::kStx:
        return behind_if(effect::store(instruction, patch, state));
      case opcode::kAlu:
      case opcode::kAlu64:
        return behind_if(effect::compute(instruction, patch, state));
      default:
        return jump(at, instruction, state);
    }
  }

  [[nodiscard]] const CodeReference* reference_at(std::uint32_t at) const {
    const auto found = section_.references.find(at);
    return found == section_.references.end() ? nullptr : &found->second;
  }

  // ld_imm64, or one of the old loads from a packet, which may also end the program.
  Next load_constant(std::uint32_t at, const Instruction& instruction, const Patch* patch,
                     KnownState& state) {
    if (!instruction.is_wide()) {
      effect::forget_arguments(state);
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
      if (patch->kind == Patch::Kind::kDistance) value = KnownValue::distance(patch->value);
    } else if (reference == nullptr && instruction.src == 0) {
      const auto low = static_cast<std::uint32_t>(instruction.imm);
      const auto high = static_cast<std::uint32_t>(section_.instructions[at + 1].imm);
      value = KnownValue::constant(std::uint64_t{high} << 32 | low);
    }
    return Next::kBehind;
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
        is_register ? state.registers[instruction.src] : effect::immediate_of(instruction);
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

  // Whether a value is the same for caller and callee.
  static bool is_shared(const KnownValue& value) { return value.is_number() || value.is_loaded(); }

  // Whether the call comes back.
  bool call(std::uint32_t at, const Instruction& instruction, KnownState& state) {
    const CodeReference* reference = reference_at(at);
    Walk::Arguments arguments;
    bool any_frame = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const KnownValue& argument = state.registers[i + 1];
      any_frame = any_frame || argument.may_be_frame();
      // The caller's frame is another than the callee's.
      arguments[i] = is_shared(argument) ? argument : KnownValue::no_frame();
    }
    KnownValue result = any_frame ? KnownValue::anything() : KnownValue::no_frame();
    if (reference != nullptr && reference->function != CodeReference::kNoFunction) {
      const bool is_global = walk_.code_.functions()[reference->function].is_global;
      const auto returned =
          walk_.call(reference->function, is_global ? kUnknownArguments : arguments, depth_ + 1);
      if (!returned) return false;
      if (!is_global && is_shared(*returned)) result = *returned;
      if (any_frame) state.forget_stack();
    } else {
      if ((reference == nullptr || reference->name.empty()) && is_function_call(instruction)) {
        walk_.give_up();
      }
      effect::forget_what_is_written(instruction, state);
    }
    effect::forget_arguments(state);
    state.registers[0] = result;
    return true;
  }

  Walk& walk_;
  const Function& function_;
  const CodeSection& section_;
  int depth_;
  std::vector<bool> is_target_;                                // by instruction, from `begin`
  std::map<std::uint32_t, std::vector<KnownState>> states_;    // by instruction
  std::deque<std::pair<std::uint32_t, std::size_t>> waiting_;  // into states_
  std::optional<KnownValue> result_;
};

Walk::Walk(const ObjectCode& code, const PatchedPlaces& places, std::span<const Patch> patches,
           WalkObserver& observer, WalkLimits limits)
    : code_(code), places_(places), patches_(patches), observer_(observer), limits_(limits) {}

void Walk::enter(std::uint32_t function) {
  call(function, kUnknownArguments, 0);
}

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
    const Function& f = code_.functions()[function];
    steps_ += (f.end - f.begin) / 16;  // to look for its branches
    called.result = FunctionWalk(*this, f, depth).run(arguments);
    called.done = true;
  } else if (!called.done) {
    give_up();  // calls itself
    return KnownValue::no_frame();
  }
  return called.result;
}

}  // namespace btfbatch
