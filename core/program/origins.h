// From which relocation does a program have the pointer by which it comes to another one's field?
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/object/object.h"
#include "core/program/code.h"

namespace btfbatch {

inline constexpr std::uint32_t kNoOrigin = 0xffffffff;

// For each relocation of kind byte_off, the one that has loaded the pointer to which its offset is
// added. kNoOrigin where no relocation has, where it is not the same one wherever the program comes
// there, where the program could not be followed to the end, and for other kinds. A chain of
// origins never comes back to where it began.
//
// Bounded in time and memory whatever the code: an object that is too large has no origins. Of a
// real one, takes less than a millisecond. Thread-safe.
[[nodiscard]] std::vector<std::uint32_t> find_origins(const ObjectCode& code,
                                                      std::span<const Relocation> relocations);

}  // namespace btfbatch
