// When a kernel's type will do for the object's: libbpf's three relations between types.
#pragma once

#include <cstdint>

#include "core/relocation/types.h"

namespace btfbatch {

// All three are thread-safe, and say kRefused where libbpf gives up on nesting, or where a type
// that no compiler makes would take forever: more than the `steps` left, which they use up.

// For field access: may a member of local type `local_id` be read from one of target type
// `target_id`? Any two composites, pointers or floats; ints of any size; enums and forward
// declarations of the same essential name or without one; arrays by their elements. After
// bpf_core_fields_are_compat.
[[nodiscard]] Compared fields_are_compatible(const TypeSpace& local, std::uint32_t local_id,
                                             const TypeSpace& target, std::uint32_t target_id);

// For type existence, size and ID: the same kinds all the way through pointers, arrays and function
// prototypes, whatever the names. After bpf_core_types_are_compat.
[[nodiscard]] Compared types_are_compatible(const TypeSpace& local, std::uint32_t local_id,
                                            const TypeSpace& target, std::uint32_t target_id,
                                            Steps& steps);

// For "type matches": everything that the local type has, by name and type, is in the target, too.
// After bpf_core_types_match.
[[nodiscard]] Compared types_match(const TypeSpace& local, std::uint32_t local_id,
                                   const TypeSpace& target, std::uint32_t target_id, Steps& steps);

}  // namespace btfbatch
