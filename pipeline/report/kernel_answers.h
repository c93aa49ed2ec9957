// What the relocations come to on each kernel of a run, be its result new or taken over.
//
// A new result is made from the kernel's full BTF, and so is its report. Of one that is taken over
// only the minimized BTF is there, which is enough for a report, since a loader patches the same by
// either: all relocations are replayed against it. What it cannot tell is kept beside it: the
// machine that its types are laid out for, and for each trouble why, and what the kernel has
// instead. Where the objects have changed so that there is a trouble of which that is not known,
// the result is not taken over.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "core/content_id.h"
#include "core/error.h"
#include "core/minimize/minimize.h"
#include "core/relocation/answers.h"
#include "core/report/kernel_report.h"
#include "core/report/needs.h"

namespace btfbatch {

struct KnownTrouble {
  std::string object;  // name
  RelocationKind kind{};
  std::string path;  // of the relocation
  std::string reason;
  Instead instead;
};

// What a minimized BTF does not tell of its kernel.
struct KernelNotes {
  Machine machine;
  std::vector<KnownTrouble> troubles;
};

// As a text for write_notes() and back; an empty text where there is nothing to be noted.
[[nodiscard]] std::string write_notes(const KernelNotes& notes);
[[nodiscard]] Result<KernelNotes> read_notes(std::string_view text);

// The troubles of one kernel, by its report.
[[nodiscard]] std::vector<KnownTrouble> troubles_of(std::span<const ObjectNeeds> objects,
                                                    const KernelReport& report);

// Thread-safe.
class KernelAnswers {
 public:
  // Both must outlive it.
  KernelAnswers(const ObjectSet& objects, std::span<const ObjectNeeds> needs)
      : objects_(objects), needs_(needs), reporter_(objects, needs) {}

  // `answers` are those of the kernel, whose full BTF it is.
  [[nodiscard]] KernelReport of_kernel(const BtfView& kernel, const Answers& answers,
                                       const KernelIdentity& identity) {
    return reporter_.report(kernel, answers, identity);
  }

  // `minimized` is a minimized BTF, `id` its content id. Nothing where the notes are not enough.
  [[nodiscard]] std::optional<KernelReport> of_minimized(std::span<const std::byte> minimized,
                                                         const ContentId& id,
                                                         const KernelNotes& notes,
                                                         const KernelIdentity& identity);

  // What to keep beside a new result.
  [[nodiscard]] KernelNotes notes(const BtfView& kernel, const KernelReport& report) const {
    return {.machine = machine_of(kernel), .troubles = troubles_of(needs_, report)};
  }

  // What minimize() finds unanswerable on a kernel with this report, in its order; of each reason
  // the beginning, as far as it does not depend on type IDs: "task_struct.state (byte_off): ".
  [[nodiscard]] std::vector<UnanswerableRelocation> unanswerable(const KernelReport& report) const;

  [[nodiscard]] const ObjectSet& objects() const { return objects_; }

 private:
  [[nodiscard]] std::optional<KernelReport> replay(std::span<const std::byte> minimized,
                                                   const ContentId& id, const Machine& machine,
                                                   const KernelIdentity& identity);

  const ObjectSet& objects_;
  std::span<const ObjectNeeds> needs_;
  KernelReporter reporter_;
  std::mutex mutex_;
  // By content, machine and arch: most kernels share theirs with others.
  using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint32_t, bool, std::string>;
  std::map<Key, KernelReport> replayed_;
};

}  // namespace btfbatch
