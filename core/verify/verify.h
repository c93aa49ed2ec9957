// Proof that a minimized BTF serves a loader as the kernel's full BTF would.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/btf/view.h"
#include "core/object/object_set.h"

namespace btfbatch {

// A relocation that a loader would patch otherwise with the minimized BTF.
struct VerifyDifference {
  std::uint32_t object = 0;      // index into ObjectSet::objects()
  std::uint32_t relocation = 0;  // index into that object's relocations
  std::string
      reason;  // "task_struct.pid (byte_off): full BTF: 2464 (4 bytes), minimized BTF: absent"
};

struct VerifyResult {
  std::vector<VerifyDifference> differences;  // sorted by object and relocation; empty: proved
  std::size_t relocations = 0;                // replayed, of all objects together
};

// Replays every relocation of every object against both and compares what a loader would patch:
// resolved, absent (and so poisoned or 0), ambiguous or refused; the value; the size of loads and
// stores, and whether it may be changed (where not, they are poisoned). The ID of a target type differs by nature and is compared by the kind and name of what it
// names. Thread-safe.
[[nodiscard]] VerifyResult verify(const BtfView& full, const BtfView& minimized,
                                  const ObjectSet& objects);

// The objects of the set that ask for the ID of a kernel type (bpf_core_type_id_kernel). With an
// external BTF such an ID means nothing to the kernel that the program is loaded into.
[[nodiscard]] std::vector<std::uint32_t> objects_with_target_type_ids(const ObjectSet& objects);

}  // namespace btfbatch
