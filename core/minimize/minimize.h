// `bpftool gen min_core_btf` for one kernel: keep only what the object set's relocations touch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/btf/view.h"
#include "core/content_id.h"
#include "core/error.h"
#include "core/object/object_set.h"
#include "core/relocation/answers.h"

namespace btfbatch {

// The version of what comes out. Results of earlier runs are used again only where they are of this
// version, so it is to be raised whenever a kernel and a set of objects can come to other bytes
// than before, or to another outcome: by minimizing, by validating BTF, or by another choice of
// what in a file of the archive is its BTF.
inline constexpr std::uint32_t kOutputVersion = 1;

// A relocation that has no one answer on this kernel, where a loader would refuse the object.
struct UnanswerableRelocation {
  std::uint32_t object = 0;      // index into ObjectSet::objects()
  std::uint32_t relocation = 0;  // index into that object's relocations
  std::string reason;  // "task_struct.pid (byte_off): ambiguous: byte offset 16 in type ID 7, 24 in
                       // type ID 9"
};

struct MinimizedBtf {
  std::vector<std::byte> bytes;                      // raw BTF, little-endian, 24-byte header
  ContentId id;                                      // of `bytes`
  std::uint32_t type_count = 0;                      // types in `bytes`, void not counted
  std::vector<UnanswerableRelocation> unanswerable;  // not empty: the kernel counts as degraded
};

// Minimizes `kernel` for all objects of the set. The bytes are bpftool's where bpftool succeeds;
// they depend on nothing but the two arguments' contents. Candidates of an ambiguous relocation are
// all kept, so that a loader meets the same ambiguity as with the full BTF.
//
// Fails only where the kernel's BTF is not what a compiler makes (tens of thousands of types of one
// name, structs within each other that take forever to search, names that overlap) and a relocation
// runs into it; time and memory are bounded whatever the BTF. Thread-safe.
//
// Where `answers` is given, the kernel's answers, which minimizing has to find anyway, are left
// there for a report.
[[nodiscard]] Result<MinimizedBtf> minimize(const BtfView& kernel, const ObjectSet& objects,
                                            Answers* answers = nullptr);

}  // namespace btfbatch
