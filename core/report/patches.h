// What a loader does to the instructions of an object on one kernel.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/object/object_set.h"
#include "core/program/code.h"
#include "core/program/reach.h"
#include "core/relocation/plan.h"
#include "core/relocation/resolver.h"

namespace btfbatch {

// What an instruction does with what is patched into it.
enum class PatchedUse : std::uint8_t {
  kNumber,       // of an arithmetic instruction or a ld_imm64
  kLoadOrStore,  // the distance of a load or store
  kUnknown,      // no such instruction
};

// The use that each relocation of an object is put to. `code` may be nullptr.
[[nodiscard]] std::vector<PatchedUse> patched_uses(const Object& object, const ObjectCode* code);

// Why a loader poisons a load or store, or refuses the object, although the field is found.
struct LoadMisfit {
  bool is_refused = false;  // or poisoned
  std::string reason;       // "the field has 4 bytes, the program reads 8"
};

// Whether a load or store of `relocation` fits what was found in `kernel`. After libbpf's
// bpf_core_calc_relo and bpf_core_patch_insn. Thread-safe.
[[nodiscard]] std::optional<LoadMisfit> load_misfit(const TypeSpace& local,
                                                    const DistinctRelocation& relocation,
                                                    const TypeSpace& kernel,
                                                    const Resolution& found);

// Whether a relocation of this kind is answered with 0 where nothing is found; all others poison
// their instruction. After libbpf's bpf_core_calc_*_relo.
[[nodiscard]] bool may_be_zero(RelocationKind kind);

}  // namespace btfbatch
