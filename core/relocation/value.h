// What a loader patches into the instruction, once the place is known.
#pragma once

#include <cstdint>
#include <optional>

#include "core/relocation/access_spec.h"
#include "core/relocation/types.h"

namespace btfbatch {

// Whether a load or store may get the size of the kernel's field where it has another. It may
// between pointers, and between unsigned integers; else a loader poisons it. After libbpf's
// bpf_core_calc_relo.
enum class Resize : std::uint8_t { kNever, kPointer, kUnsigned };

struct RelocationValue {
  std::uint64_t value = 0;  // patched into the instruction
  // byte_off of a plain field: its size in bytes, and its kind, for loads and stores.
  std::uint32_t field_size = 0;
  Resize resize = Resize::kNever;

  bool operator==(const RelocationValue&) const = default;
};

// The value of a place found in `space`: a candidate's or the object's own, whose root is
// `root_type` and whose last step is `last` (nullptr for type-based relocations). Nothing where
// libbpf gives up: a bitfield that no load of up to 8 bytes covers, a question about signedness of
// an array element, a type without size. Thread-safe. After libbpf's bpf_core_calc_*_relo.
[[nodiscard]] std::optional<RelocationValue> relocation_value(const TypeSpace& space,
                                                              RelocationKind kind,
                                                              std::uint32_t root_type,
                                                              const Accessor* last,
                                                              std::uint32_t bit_offset);

}  // namespace btfbatch
