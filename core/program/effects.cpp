#include "core/program/effects.h"

#include <algorithm>
#include <array>
#include <span>

#include "core/program/opcode.h"

namespace btfbatch::effect {
namespace {

constexpr std::uint64_t kStackSize = 512;  // bytes
// Of what a helper writes that takes no size (bpf_strtol, a dynptr), where something else is in the
// register behind.
constexpr std::uint64_t kLeast = 16;
// Helpers that write nothing through their arguments, by their numbers in uapi/linux/bpf.h:
// map_lookup_elem, map_update_elem, map_delete_elem, trace_printk, tail_call, perf_event_output,
// get_stackid, map_push_elem, ringbuf_output, map_lookup_percpu_elem.
constexpr std::array kOnlyReading = {1, 2, 3, 6, 12, 25, 27, 87, 130, 195};
// Helpers (to, size, from) that write just that: probe_read, probe_read_user, probe_read_kernel;
// and those that write no more: probe_read_str, probe_read_user_str, probe_read_kernel_str.
constexpr std::array kCopying = {4, 112, 113};
constexpr std::array kCopyingStrings = {45, 114, 115};

bool is_one_of(std::int32_t helper, std::span<const int> helpers) {
  return std::ranges::find(helpers, helper) != helpers.end();
}

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

bool is_distance(const Patch* patch) {
  return patch != nullptr && patch->kind == Patch::Kind::kDistance;
}

KnownValue patched_immediate(const Patch& patch) {
  switch (patch.kind) {
    case Patch::Kind::kNumber:
      return KnownValue::constant(
          static_cast<std::uint64_t>(std::int64_t{static_cast<std::int32_t>(patch.value)}));
    case Patch::Kind::kDistance:
      return KnownValue::distance(patch.value);
    default:
      return KnownValue::no_frame();
  }
}

// Copies memory to the place that r1 points to, as many bytes as r2 says, from r3.
void copy(bool is_string, KnownState& state) {
  const KnownValue& to = state.registers[1];
  const KnownValue& size = state.registers[2];
  const KnownValue& from = state.registers[3];
  if (!to.may_be_frame()) return;
  if (!to.is_frame() || !size.is_number() || size.number > kStackSize) {
    state.forget_stack();
    return;
  }
  const auto begin = static_cast<std::int64_t>(to.number);
  state.forget_stack(begin, begin + static_cast<std::int64_t>(size.number));
  if (from.is_field() && size.number == 8 && !is_string) {
    state.store(begin, 8, KnownValue::loaded(from.number));
  }
}

}  // namespace

KnownValue immediate_of(const Instruction& instruction) {
  return KnownValue::constant(static_cast<std::uint64_t>(std::int64_t{instruction.imm}));
}

bool load(const Instruction& instruction, const Patch* patch, KnownState& state) {
  if (instruction.dst >= kFrameRegister || instruction.src >= kRegisterCount) return false;
  const std::uint32_t size = size_of_access(instruction);
  const KnownValue& from = state.registers[instruction.src];
  KnownValue value = KnownValue::no_frame();
  const bool is_plain = (instruction.opcode & opcode::kModeMask) == opcode::kMem;
  const bool is_pointer = is_plain && size == 8;
  if (from.is_frame() && is_plain && patch == nullptr) {
    value = state.load(static_cast<std::int64_t>(from.number) + instruction.offset, size);
  } else if (is_pointer && !from.is_frame() && is_distance(patch)) {
    value = KnownValue::loaded(patch->value);
  } else if (is_pointer && from.is_field() && patch == nullptr && instruction.offset == 0) {
    value = KnownValue::loaded(from.number);
  } else if (from.may_be_frame() && size == 8) {
    value = KnownValue::anything();
  }
  state.registers[instruction.dst] = value;
  return true;
}

bool store(const Instruction& instruction, const Patch* patch, KnownState& state) {
  if (instruction.dst >= kRegisterCount || instruction.src >= kRegisterCount) return false;
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
  return true;
}

bool compute(const Instruction& instruction, const Patch* patch, KnownState& state) {
  if (instruction.dst >= kFrameRegister || instruction.src >= kRegisterCount) return false;
  const bool is_32 = (instruction.opcode & opcode::kClassMask) == opcode::kAlu;
  const std::uint8_t operation = instruction.opcode & opcode::kOperationMask;
  KnownValue right = immediate_of(instruction);
  if ((instruction.opcode & opcode::kRegister) != 0) {
    right = state.registers[instruction.src];
  } else if (patch != nullptr) {
    right = patched_immediate(*patch);
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
  return true;
}

// They write through pointers that they are handed. Where a helper takes a size, it is the argument
// behind the pointer. Kernel functions may be of any kind.
void forget_what_is_written(const Instruction& call, KnownState& state) {
  const bool is_helper = call.src == 0;
  if (is_helper && is_one_of(call.imm, kOnlyReading)) return;
  if (is_helper && (is_one_of(call.imm, kCopying) || is_one_of(call.imm, kCopyingStrings))) {
    copy(is_one_of(call.imm, kCopyingStrings), state);
    return;
  }
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

void forget_arguments(KnownState& state) {
  for (std::size_t i = 1; i <= 5; ++i) state.registers[i] = KnownValue::no_frame();
}

}  // namespace btfbatch::effect
