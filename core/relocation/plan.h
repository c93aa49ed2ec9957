// What the object set asks of every kernel, worked out once.
//
// 52 objects make some thousand relocations, but most ask what another has asked already: the pid
// of task_struct, the return value of pt_regs. Two relocations are the same question where libbpf's
// rules cannot tell their local types apart; a string of all that those rules look at, the
// question's key, decides that. Resolving each distinct relocation once per kernel is what makes us
// fast.
//
// What cannot be shared is libbpf's narrowing: within one object, candidates that did not match one
// relocation of a root type are not asked again by later ones of the same root type, so the answer
// of a relocation depends on those before it. So each object keeps, per root type, the sequence of
// its questions; equal sequences of several objects are walked once.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/content_id.h"
#include "core/error.h"
#include "core/object/object.h"
#include "core/relocation/access_spec.h"
#include "core/relocation/wanted_names.h"

namespace btfbatch {

// One question to the kernel.
struct DistinctRelocation {
  std::uint32_t object = 0;  // whose types `spec` speaks of; any of those who ask
  std::uint32_t wanted = 0;  // index into RelocationPlan::wanted, of the root type's name
  LocalSpec spec;
  std::string key;  // by question_key
};

// The questions that an object asks of one root type, in its order.
struct RelocationSequence {
  std::uint32_t wanted = 0;
  std::vector<std::uint32_t> relocations;  // indices into RelocationPlan::distinct
  // Who asks so, and by which of its relocations each question is asked.
  struct Asker {
    std::uint32_t object = 0;
    std::vector<std::uint32_t> relocations;  // as long as the sequence
  };
  std::vector<Asker> askers;
};

// Immutable once made; shared by all threads.
class RelocationPlan {
 public:
  // `objects` must outlive the plan and not move. Errors as of ObjectSet::make.
  [[nodiscard]] static Result<RelocationPlan> make(std::span<const Object> objects);

  // Equal for two plans that ask the same of every kernel, whichever the objects and their order.
  [[nodiscard]] ContentId fingerprint() const;

  WantedNames wanted;
  std::vector<DistinctRelocation> distinct;
  std::vector<RelocationSequence> sequences;
  std::vector<TypeSpace> spaces;  // of each object
};

}  // namespace btfbatch
