// The bits of an eBPF opcode. Source: the kernel's Documentation/bpf/standardization and
// include/uapi/linux/bpf.h.
#pragma once

#include <cstdint>

#include "core/program/code.h"

namespace btfbatch::opcode {

// Lower three bits: the class.
inline constexpr std::uint8_t kClassMask = 0x07;
inline constexpr std::uint8_t kLd = 0x00;
inline constexpr std::uint8_t kLdx = 0x01;
inline constexpr std::uint8_t kSt = 0x02;
inline constexpr std::uint8_t kStx = 0x03;
inline constexpr std::uint8_t kAlu = 0x04;
inline constexpr std::uint8_t kJmp = 0x05;
inline constexpr std::uint8_t kJmp32 = 0x06;
inline constexpr std::uint8_t kAlu64 = 0x07;

// Loads and stores: size and mode.
inline constexpr std::uint8_t kSizeMask = 0x18;
inline constexpr std::uint8_t kWord = 0x00;
inline constexpr std::uint8_t kHalf = 0x08;
inline constexpr std::uint8_t kByte = 0x10;
inline constexpr std::uint8_t kDouble = 0x18;
inline constexpr std::uint8_t kModeMask = 0xe0;
inline constexpr std::uint8_t kMem = 0x60;
inline constexpr std::uint8_t kAtomic = 0xc0;

// Arithmetic and jumps: the source bit, and the operation.
inline constexpr std::uint8_t kRegister = 0x08;
inline constexpr std::uint8_t kOperationMask = 0xf0;

inline constexpr std::uint8_t kAdd = 0x00;
inline constexpr std::uint8_t kSub = 0x10;
inline constexpr std::uint8_t kMul = 0x20;
inline constexpr std::uint8_t kOr = 0x40;
inline constexpr std::uint8_t kAnd = 0x50;
inline constexpr std::uint8_t kLsh = 0x60;
inline constexpr std::uint8_t kRsh = 0x70;
inline constexpr std::uint8_t kXor = 0xa0;
inline constexpr std::uint8_t kMov = 0xb0;
inline constexpr std::uint8_t kArsh = 0xc0;

inline constexpr std::uint8_t kJa = 0x00;
inline constexpr std::uint8_t kJeq = 0x10;
inline constexpr std::uint8_t kJgt = 0x20;
inline constexpr std::uint8_t kJge = 0x30;
inline constexpr std::uint8_t kJset = 0x40;
inline constexpr std::uint8_t kJne = 0x50;
inline constexpr std::uint8_t kJsgt = 0x60;
inline constexpr std::uint8_t kJsge = 0x70;
inline constexpr std::uint8_t kCall = 0x80;
inline constexpr std::uint8_t kExit = 0x90;
inline constexpr std::uint8_t kJlt = 0xa0;
inline constexpr std::uint8_t kJle = 0xb0;
inline constexpr std::uint8_t kJslt = 0xc0;
inline constexpr std::uint8_t kJsle = 0xd0;
inline constexpr std::uint8_t kJcond = 0xe0;  // may_goto

// What src says of a call and of a ld_imm64.
inline constexpr std::uint8_t kPseudoCall = 1;      // of a function of the object
inline constexpr std::uint8_t kPseudoFunction = 4;  // its address

}  // namespace btfbatch::opcode

namespace btfbatch {

[[nodiscard]] constexpr bool is_function_call(const Instruction& instruction) {
  return instruction.opcode == (opcode::kJmp | opcode::kCall) &&
         instruction.src == opcode::kPseudoCall;
}

}  // namespace btfbatch
