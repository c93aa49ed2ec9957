// Answers a plan's questions on one kernel, as libbpf would: candidates, narrowing, ambiguity.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/relocation/match.h"
#include "core/relocation/plan.h"
#include "core/relocation/value.h"

namespace btfbatch {

// What a loader would find for one relocation of one sequence.
struct Resolution {
  enum class State : std::uint8_t {
    kResolved,   // all matching candidates agree
    kAbsent,     // no candidate matches: "exists" and questions about a whole type give 0, all
                 // others poison their instruction
    kAmbiguous,  // matching candidates disagree: a loader refuses
    kRefused,    // a candidate that libbpf gives up on: a loader refuses
  };
  State state = State::kAbsent;
  std::uint32_t distinct = 0;  // index into RelocationPlan::distinct
  RelocationValue value;       // where resolved
  std::uint32_t target = 0;    // where resolved: type ID of the first candidate that matched
  std::string reason;          // where ambiguous or refused
};

// One kernel's answers. Not thread-safe; a run makes one per kernel. The kernel and the plan must
// outlive it.
class Resolver {
 public:
  // `machine` is the one that the kernel runs on, which a minimized BTF does not tell.
  Resolver(const BtfView& kernel, const RelocationPlan& plan, Machine machine);
  // A full BTF tells its machine.
  Resolver(const BtfView& kernel, const RelocationPlan& plan)
      : Resolver(kernel, plan, machine_of(kernel)) {}

  // Told of every place in a candidate that a loader must find again, each once: that of the first
  // match of a resolved relocation; in a sequence with an ambiguous one, those of all matches.
  using KeepPlace = std::function<void(const DistinctRelocation&, const TargetSpec&)>;
  // Told of every relocation of a sequence, in order.
  using Answer = std::function<void(std::size_t position, const Resolution&)>;

  // Walks one sequence. Either function may be empty.
  void resolve(const RelocationSequence& sequence, const KeepPlace& keep, const Answer& answer);

  // Type IDs by RelocationPlan::wanted, ascending.
  [[nodiscard]] const std::vector<std::vector<std::uint32_t>>& candidates() const {
    return candidates_;
  }

  // Whether the kernel's types were made to take forever (see the source file). Relocations were
  // then refused that a loader might answer, which ones depending on the order of the objects; so
  // none of the answers should be used.
  [[nodiscard]] bool gave_up() const { return gave_up_; }

 private:
  // What asking one distinct relocation of one candidate has shown.
  struct Finding {
    enum class State : std::uint8_t { kUnknown, kNoMatch, kMatch, kRefused };
    State state = State::kUnknown;
    bool kept = false;
    std::uint32_t bit_offset = 0;
    RelocationValue value;
  };

  void find_candidates();
  // Candidates of the wanted names are told by their place in candidates_[wanted].
  Finding& ask(std::uint32_t distinct, std::uint32_t candidate);
  // Which of the matching candidates' places to keep, where a relocation is resolved.
  enum class KeepWhich : std::uint8_t { kFirst, kAll };
  // Walks a sequence, and says whether any of its relocations is ambiguous.
  bool walk(const RelocationSequence& sequence, KeepWhich which, const KeepPlace& keep,
            const Answer& answer);
  // Leaves the candidates that match in matching_; none where a candidate is refused.
  Resolution resolve_one(std::uint32_t distinct, const std::vector<std::uint32_t>& candidates);
  void keep_place(std::uint32_t distinct, std::uint32_t candidate, const KeepPlace& keep);
  [[nodiscard]] std::string describe_difference(const DistinctRelocation& relocation,
                                                std::uint32_t first, const Finding& first_finding,
                                                std::uint32_t other,
                                                const Finding& other_finding) const;

  const RelocationPlan& plan_;
  TypeSpace kernel_;
  std::vector<std::vector<std::uint32_t>> candidates_;  // type IDs by wanted name, ascending
  std::vector<std::vector<Finding>> findings_;          // by distinct relocation, then by candidate
  std::vector<std::uint32_t> matching_;                 // left by resolve_one
  TargetSpec spec_;                                     // of the latest match
  std::uint64_t steps_left_;                            // for all matches together
  bool gave_up_ = false;
};

}  // namespace btfbatch
