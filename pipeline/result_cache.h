// A folder of minimized results that several runs share, such as those of machines whose output
// starts empty: one file for each result, known by what it was made from.
//
// Any number of processes may use the folder at once. A file comes into being whole (written under
// a name of its own, then renamed) and carries its own checksum, so that one which is damaged, cut
// off or somebody else's is passed over: the kernel is done anew, and the file replaced. Nothing
// else in the folder is touched, and nothing is ever removed. A file's time of change is that of
// its last use, so anybody may delete what was not used for long, at any time:
//
//   find DIR -name '*.btfresult*' -mtime +30 -delete
//
// The checksum is against accidents: who can write to the folder decides what comes out of runs.
//
// A file, "SOURCE-FINGERPRINT-VERSION.btfresult", holds a header and the minimized BTF. Numbers are
// little-endian; of hashes the higher half comes first:
//
//   offset   bytes
//   0        16     "btfbatch result2"
//   16       16     XXH3-128 of all that follows
//   32       16     XXH3-128 of the kernel's file in the archive
//   48       16     fingerprint of the objects
//   64        8     version of the minimizer's output
//   72        8     the largest BTF that was allowed, in bytes
//   80        8     size of the kernel's BTF, in bytes
//   88        8     number of types that are left
//   96        8     size of the minimized BTF, in bytes
//   104             the minimized BTF, then what it does not tell of the kernel, as JSON: see
//                   write_notes() in pipeline/report/kernel_answers.h
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <utility>

#include "core/content_id.h"
#include "core/error.h"
#include "core/minimize/minimize.h"
#include "pipeline/report/kernel_answers.h"

namespace btfbatch {

// What must be the same for a result to be the same, besides the kernel.
struct ResultRules {
  ContentId fingerprint;                          // ObjectSet::fingerprint()
  std::uint64_t max_btf_size = 0;                 // bytes; a larger limit gives the same result
  std::uint32_t output_version = kOutputVersion;  // another one gives another result
};

// An earlier run's result. No relocation in it is without an answer.
struct PastResult {
  MinimizedBtf minimized;
  KernelNotes notes;           // what the minimized BTF does not tell
  std::uint64_t btf_size = 0;  // bytes of the kernel's full BTF
  std::filesystem::path file;  // of an output folder, which holds just these bytes; or empty
  std::vector<std::string> reasons{};  // where degraded, as the earlier run told them
};

// Thread-safe.
class ResultCache {
 public:
  // Opens the folder, or makes it. Fails, naming it, where that cannot be done, and where it lies
  // in the archive, whose files it would add to.
  [[nodiscard]] static Result<ResultCache> open(std::filesystem::path folder,
                                                const std::filesystem::path& archive,
                                                const ResultRules& rules);

  // The result for a source, checked; marks it as used.
  [[nodiscard]] std::optional<PastResult> find(const ContentId& source) const;

  // Keeps a result. Where it cannot be written, a debug message says so, and that is all.
  void keep(const ContentId& source, const MinimizedBtf& minimized, const KernelNotes& notes,
            std::uint64_t btf_size) const;

  // Marks a result as used without looking into it. False where there is none.
  [[nodiscard]] bool mark_used(const ContentId& source) const;

 private:
  ResultCache(std::filesystem::path folder, const ResultRules& rules)
      : folder_(std::move(folder)), rules_(rules) {}
  [[nodiscard]] std::filesystem::path file_of(const ContentId& source) const;

  std::filesystem::path folder_;
  ResultRules rules_;
};

}  // namespace btfbatch
