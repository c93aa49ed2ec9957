// Goes through a program along all branches that can be taken, with what is known of registers and
// stack. See the source file for how.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/program/code.h"
#include "core/program/patch.h"
#include "core/program/state.h"

namespace btfbatch {

// Sees each instruction that the walk comes to, as often as it does.
class WalkObserver {
 public:
  virtual ~WalkObserver() = default;

  // `state`: before the instruction. `relocation`: that patches it, or PatchedPlaces::kNone, and
  // then `patch` is nullptr.
  virtual void see(const Instruction& instruction, std::uint32_t relocation, const Patch* patch,
                   const KnownState& state) = 0;
};

struct WalkLimits {
  std::size_t steps = 1U << 18;  // instructions walked
  std::size_t states = 8;        // side by side at one place
};

// Bounded in time and memory whatever the code. Not to be used from two threads at once.
class Walk {
 public:
  // All are borrowed. `patches`: by relocation.
  Walk(const ObjectCode& code, const PatchedPlaces& places, std::span<const Patch> patches,
       WalkObserver& observer, WalkLimits limits = {});

  // Walks a function of whose arguments nothing is known, and all that it calls.
  void enter(std::uint32_t function);

  // Whether all branches could be followed. If not, more may be reached.
  [[nodiscard]] bool is_complete() const { return is_complete_; }
  // Instructions walked, and what else took as long.
  [[nodiscard]] std::size_t steps() const { return steps_; }

 private:
  friend class FunctionWalk;

  using Arguments = std::array<KnownValue, 5>;

  // What a function returns; nothing where no way leads to its end.
  std::optional<KnownValue> call(std::uint32_t function, const Arguments& arguments, int depth);

  void give_up() { is_complete_ = false; }

  const ObjectCode& code_;
  const PatchedPlaces& places_;
  std::span<const Patch> patches_;
  WalkObserver& observer_;
  WalkLimits limits_;
  bool is_complete_ = true;
  std::size_t steps_ = 0;
  std::size_t stored_ = 0;  // values in all states

  struct Called {
    bool done = false;
    std::optional<KnownValue> result;
  };
  using CallKey = std::pair<std::uint32_t, std::vector<std::pair<int, std::uint64_t>>>;
  std::map<CallKey, Called> called_;
};

}  // namespace btfbatch
