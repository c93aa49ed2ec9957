#include "core/program/state.h"

#include <gtest/gtest.h>

#include "core/program/opcode.h"

namespace btfbatch {
namespace {

constexpr auto kUnknown = KnownValue::no_frame();

KnownState any_state() {
  return KnownState({kUnknown, kUnknown, kUnknown, kUnknown, kUnknown});
}

TEST(KnownState, RemembersWhatTheVerifierDoes) {
  KnownState state = any_state();
  state.store(-8, 8, KnownValue::constant(5));
  EXPECT_EQ(state.load(-8, 8), KnownValue::constant(5));
  EXPECT_EQ(state.load(-8, 4), kUnknown);
  state.store(-16, 4, KnownValue::constant(0x100000007));
  EXPECT_EQ(state.load(-16, 4), KnownValue::constant(7));
  state.store(-20, 4, KnownValue::constant(3));  // not where a whole register would begin
  EXPECT_EQ(state.load(-20, 4), kUnknown);
  state.store(-21, 1, KnownValue::constant(0));
  EXPECT_EQ(state.load(-21, 1), KnownValue::constant(0));
}

TEST(KnownState, ForgetsWhatIsOverwritten) {
  KnownState state = any_state();
  state.store(-8, 8, KnownValue::constant(5));
  state.store(-16, 8, KnownValue::constant(6));
  state.store(-5, 1, kUnknown);
  EXPECT_EQ(state.load(-8, 8), KnownValue::anything());
  EXPECT_EQ(state.load(-16, 8), KnownValue::constant(6));
  state.forget_stack(-16, -15);
  EXPECT_EQ(state.load(-16, 8), KnownValue::anything());
}

TEST(KnownState, JoinsToWhatBothKnow) {
  KnownState a = any_state();
  KnownState b = any_state();
  a.registers[3] = KnownValue::constant(1);
  b.registers[3] = KnownValue::constant(2);
  a.registers[4] = b.registers[4] = KnownValue::constant(9);
  a.registers[5] = KnownValue::frame(-8);
  a.store(-8, 8, KnownValue::constant(5));
  b.store(-8, 8, KnownValue::constant(5));
  a.store(-16, 8, KnownValue::constant(5));
  const KnownState joined = a.joined_with(b);
  EXPECT_EQ(joined.registers[3], kUnknown);
  EXPECT_EQ(joined.registers[4], KnownValue::constant(9));
  EXPECT_EQ(joined.registers[5], KnownValue::anything());
  EXPECT_EQ(joined.load(-8, 8), KnownValue::constant(5));
  EXPECT_EQ(joined.load(-16, 8), KnownValue::anything());
  EXPECT_TRUE(joined.covers(a));
  EXPECT_TRUE(joined.covers(b));
  EXPECT_FALSE(a.covers(b));
}

TEST(Calculate, WrapsAsTheMachineDoes) {
  const auto number = [](std::uint64_t n) { return KnownValue::constant(n); };
  EXPECT_EQ(calculate(opcode::kAdd, true, number(0xffffffff), number(1)), number(0));
  EXPECT_EQ(calculate(opcode::kAdd, false, number(0xffffffff), number(1)), number(0x100000000));
  EXPECT_EQ(calculate(opcode::kArsh, true, number(0x80000000), number(31)), number(0xffffffff));
  EXPECT_EQ(calculate(opcode::kArsh, false, number(1ULL << 63), number(63)), number(~0ULL));
  EXPECT_EQ(calculate(opcode::kLsh, true, number(1), number(32)), kUnknown);
  EXPECT_EQ(calculate(opcode::kSub, false, KnownValue::frame(0), number(8)), KnownValue::frame(-8));
  EXPECT_EQ(calculate(opcode::kAdd, false, KnownValue::frame(0), kUnknown), KnownValue::anything());
  constexpr std::uint8_t kDivide = 0x30;
  EXPECT_EQ(calculate(kDivide, false, number(8), number(2)), kUnknown)
      << "the verifier does not know it either";
}

TEST(Calculate, AnOffsetAddedToABaseIsAFieldsAddress) {
  const auto offset = KnownValue::distance(3);
  EXPECT_EQ(calculate(opcode::kAdd, false, kUnknown, offset), KnownValue::field(3));
  EXPECT_EQ(calculate(opcode::kAdd, false, offset, KnownValue::anything()), KnownValue::field(3));
  EXPECT_EQ(calculate(opcode::kAdd, false, KnownValue::loaded(1), offset), KnownValue::field(3));
  EXPECT_EQ(calculate(opcode::kAdd, false, offset, KnownValue::distance(4)), kUnknown);
  EXPECT_EQ(calculate(opcode::kAdd, true, kUnknown, offset), kUnknown);
  EXPECT_EQ(calculate(opcode::kSub, false, kUnknown, offset), kUnknown);
  EXPECT_EQ(calculate(opcode::kAdd, false, KnownValue::frame(-8), offset), KnownValue::anything())
      << "on the stack, where is known better";
}

// So that a walk comes to an end: what two states are joined to covers both.
TEST(KnownValue, WhatIsJoinedCoversBoth) {
  const KnownValue values[] = {KnownValue::anything(),  kUnknown,
                               KnownValue::constant(1), KnownValue::frame(-8),
                               KnownValue::distance(1), KnownValue::distance(2),
                               KnownValue::field(1),    KnownValue::loaded(1),
                               KnownValue::loaded(2)};
  for (const KnownValue& a : values) {
    for (const KnownValue& b : values) {
      EXPECT_TRUE(a.joined_with(b).covers(a));
      EXPECT_TRUE(a.joined_with(b).covers(b));
    }
  }
  EXPECT_FALSE(kUnknown.covers(KnownValue::distance(1))) << "all uses of an offset are to be seen";
}

TEST(IsTaken, KnowsSignsAndHalves) {
  const auto minus_one = KnownValue::constant(~0ULL);
  const auto one = KnownValue::constant(1);
  EXPECT_EQ(is_taken(opcode::kJgt, false, minus_one, one), true);
  EXPECT_EQ(is_taken(opcode::kJsgt, false, minus_one, one), false);
  EXPECT_EQ(is_taken(opcode::kJsgt, true, KnownValue::constant(0xffffffff), one), false);
  EXPECT_EQ(is_taken(opcode::kJeq, true, KnownValue::constant(0x500000001), one), true);
  EXPECT_EQ(is_taken(opcode::kJeq, false, KnownValue::constant(0x500000001), one), false);
  EXPECT_EQ(is_taken(opcode::kJset, false, one, minus_one), true);
  EXPECT_EQ(is_taken(opcode::kJeq, false, kUnknown, one), std::nullopt);
}

}  // namespace
}  // namespace btfbatch
