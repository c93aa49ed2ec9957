// The access spec: what a relocation asks of a type, and the place in a type that answers it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/object/object.h"
#include "core/relocation/types.h"

namespace btfbatch {

inline constexpr std::uint32_t kMaxSpecLength = 64;  // BPF_CORE_SPEC_MAX_LEN

// One step that has a meaning in C: a named member, an array element, or an enumerator.
struct Accessor {
  std::uint32_t type_id = 0;   // the struct or enum that has it, or the array's element type
  std::uint32_t index = 0;     // of member or enumerator, or the array index
  const char* name = nullptr;  // nullptr for array elements; borrowed from the BTF
};

// What the object asks, in its own types.
struct LocalSpec {
  RelocationKind kind{};
  std::uint32_t root_type = 0;  // as the relocation names it, typedefs and all
  // The first is the root itself (or the enumerator), then members and elements. Anonymous members
  // are passed through without a trace. Empty for type-based relocations.
  std::vector<Accessor> accessors;
  std::uint32_t bit_offset = 0;  // wraps at 32 bits, as libbpf's does
};

// Where a candidate has what was asked. A scratch value: reset before use, never copied needlessly.
struct TargetSpec {
  std::uint32_t root_type = 0;
  std::uint32_t bit_offset = 0;
  std::uint32_t length = 0;
  std::uint32_t raw_length = 0;
  std::array<Accessor, kMaxSpecLength> accessors;
  std::array<std::uint32_t, kMaxSpecLength> raw;  // every level, anonymous members included

  void reset(std::uint32_t root);
  [[nodiscard]] const Accessor& last() const { return accessors[length - 1]; }
};

// Understands a relocation's access string by its object's types. Fails where the string is
// malformed or leads outside of the type. After libbpf's bpf_core_parse_spec.
[[nodiscard]] Result<LocalSpec> parse_local_spec(const TypeSpace& local,
                                                 const Relocation& relocation);

// For people: "task_struct.real_parent.tgid", "foo.a[3].b", "bpf_func_id::BPF_FUNC_x".
[[nodiscard]] std::string format_local_spec(const TypeSpace& local, const LocalSpec& spec);
// The same behind the root type of a field: ".real_parent.tgid", "[1].b"; empty for the root
// itself.
[[nodiscard]] std::string format_steps(const LocalSpec& spec);

}  // namespace btfbatch
