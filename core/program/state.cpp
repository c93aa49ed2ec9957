#include "core/program/state.h"

#include <algorithm>

#include "core/program/opcode.h"

namespace btfbatch {
namespace {

constexpr std::int64_t kFarthest = 1 << 16;  // from the frame pointer
constexpr std::int64_t kDeepest = -1024;  // the stack has 512 bytes, and some for spilled registers

KnownValue frame_or_anything(std::int64_t distance) {
  if (distance > kFarthest || distance < -kFarthest) return KnownValue::anything();
  return KnownValue::frame(distance);
}

std::optional<std::uint64_t> calculate_numbers(std::uint8_t operation, unsigned bits,
                                               std::uint64_t left, std::uint64_t right) {
  switch (operation) {
    case opcode::kAdd:
      return left + right;
    case opcode::kSub:
      return left - right;
    case opcode::kMul:
      return left * right;
    case opcode::kOr:
      return left | right;
    case opcode::kAnd:
      return left & right;
    case opcode::kXor:
      return left ^ right;
    case opcode::kLsh:
      return right < bits ? std::optional(left << right) : std::nullopt;
    case opcode::kRsh:
      return right < bits ? std::optional(left >> right) : std::nullopt;
    case opcode::kArsh:
      if (right >= bits) return std::nullopt;
      return bits == 32 ? static_cast<std::uint64_t>(static_cast<std::int32_t>(left) >> right)
                        : static_cast<std::uint64_t>(static_cast<std::int64_t>(left) >> right);
    default:
      return std::nullopt;  // the verifier does not follow divisions and byte swaps either
  }
}

}  // namespace

bool KnownValue::covers(const KnownValue& other) const {
  switch (kind) {
    case Kind::kAnything:
      return true;
    case Kind::kNoFrame:
      return !other.may_be_frame() && !other.is_distance();  // of which all uses are to be seen
    default:
      return *this == other;
  }
}

KnownValue KnownValue::joined_with(const KnownValue& other) const {
  if (*this == other) return *this;
  const auto is_more = [](const KnownValue& v) { return v.may_be_frame() || v.is_distance(); };
  return is_more(*this) || is_more(other) ? anything() : no_frame();
}

KnownState::KnownState(const std::array<KnownValue, 5>& arguments) {
  std::ranges::copy(arguments, registers.begin() + 1);
  registers[kFrameRegister] = KnownValue::frame(0);
}

const KnownState::Slot* KnownState::find(std::int64_t distance, std::uint32_t size) const {
  const auto slot = std::ranges::lower_bound(stack_, distance, {}, &Slot::distance);
  const bool found = slot != stack_.end() && slot->distance == distance && slot->size == size;
  return found ? &*slot : nullptr;
}

void KnownState::forget_stack(std::int64_t from, std::int64_t to) {
  std::erase_if(stack_, [&](const Slot& slot) {
    return slot.distance < to && slot.distance + std::int64_t{slot.size} > from;
  });
}

// The verifier remembers whole registers, their lower halves, and zeros of any size.
void KnownState::store(std::int64_t distance, std::uint32_t size, const KnownValue& value) {
  forget_stack(distance, distance + size);
  if (value.kind == KnownValue::Kind::kAnything) return;
  const bool is_zero = value == KnownValue::constant(0);
  const bool is_spill = distance % 8 == 0 && (size == 8 || (size == 4 && value.is_number()));
  if ((!is_zero && !is_spill) || distance < kDeepest || distance >= 0) return;
  Slot slot{distance, size, value};
  if (size == 4) slot.value.number &= 0xffffffffU;
  stack_.insert(std::ranges::upper_bound(stack_, distance, {}, &Slot::distance), slot);
}

KnownValue KnownState::load(std::int64_t distance, std::uint32_t size) const {
  if (const Slot* slot = find(distance, size)) return slot->value;
  return size == 8 ? KnownValue::anything() : KnownValue::no_frame();
}

bool KnownState::covers(const KnownState& other) const {
  for (std::size_t i = 0; i < kRegisterCount; ++i) {
    if (!registers[i].covers(other.registers[i])) return false;
  }
  return std::ranges::all_of(stack_, [&](const Slot& slot) {
    const Slot* same = other.find(slot.distance, slot.size);
    return same != nullptr && slot.value.covers(same->value);
  });
}

KnownState KnownState::joined_with(const KnownState& other) const {
  KnownState joined = *this;
  for (std::size_t i = 0; i < kRegisterCount; ++i) {
    joined.registers[i] = registers[i].joined_with(other.registers[i]);
  }
  std::erase_if(joined.stack_, [&](Slot& slot) {
    const Slot* same = other.find(slot.distance, slot.size);
    if (same == nullptr) return true;
    slot.value = slot.value.joined_with(same->value);
    return slot.value.kind == KnownValue::Kind::kAnything;
  });
  return joined;
}

KnownValue calculate(std::uint8_t operation, bool is_32, const KnownValue& left,
                     const KnownValue& right) {
  if (left.is_number() && right.is_number()) {
    const std::uint64_t mask = is_32 ? 0xffffffffU : ~std::uint64_t{0};
    const auto number =
        calculate_numbers(operation, is_32 ? 32 : 64, left.number & mask, right.number & mask);
    return number ? KnownValue::constant(*number & mask) : KnownValue::no_frame();
  }
  if (operation == opcode::kAdd && !is_32 && left.is_distance() != right.is_distance()) {
    const KnownValue& base = left.is_distance() ? right : left;
    if (!base.is_frame()) return KnownValue::field(left.is_distance() ? left.number : right.number);
  }
  if (!left.may_be_frame() && !right.may_be_frame()) return KnownValue::no_frame();
  if (is_32) return KnownValue::anything();
  const auto distance = [](const KnownValue& v) { return static_cast<std::int64_t>(v.number); };
  const bool fits = operation == opcode::kAdd || operation == opcode::kSub;
  if (left.is_frame() && right.is_number() && fits) {
    // Both wrap around in 64 bits, as the machine does.
    const std::uint64_t sum =
        operation == opcode::kAdd ? left.number + right.number : left.number - right.number;
    return frame_or_anything(static_cast<std::int64_t>(sum));
  }
  if (left.is_number() && right.is_frame() && operation == opcode::kAdd) {
    return frame_or_anything(distance(KnownValue::constant(left.number + right.number)));
  }
  return KnownValue::anything();
}

std::optional<bool> is_taken(std::uint8_t operation, bool is_32, const KnownValue& left,
                             const KnownValue& right) {
  if (!left.is_number() || !right.is_number()) return std::nullopt;
  const std::uint64_t mask = is_32 ? 0xffffffffU : ~std::uint64_t{0};
  const std::uint64_t a = left.number & mask;
  const std::uint64_t b = right.number & mask;
  const auto with_sign = [&](std::uint64_t number) {
    return is_32 ? std::int64_t{static_cast<std::int32_t>(number)}
                 : static_cast<std::int64_t>(number);
  };
  switch (operation) {
    case opcode::kJeq:
      return a == b;
    case opcode::kJne:
      return a != b;
    case opcode::kJgt:
      return a > b;
    case opcode::kJge:
      return a >= b;
    case opcode::kJlt:
      return a < b;
    case opcode::kJle:
      return a <= b;
    case opcode::kJset:
      return (a & b) != 0;
    case opcode::kJsgt:
      return with_sign(a) > with_sign(b);
    case opcode::kJsge:
      return with_sign(a) >= with_sign(b);
    case opcode::kJslt:
      return with_sign(a) < with_sign(b);
    case opcode::kJsle:
      return with_sign(a) <= with_sign(b);
    default:
      return std::nullopt;
  }
}

}  // namespace btfbatch
