// The second job: is what lies in an output folder right for this archive and these objects?
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "pipeline/filter.h"
#include "pipeline/run.h"

namespace btfbatch {

struct VerifyOptions {
  std::filesystem::path archive;  // as of RunOptions, and so the next two
  std::vector<std::filesystem::path> objects;
  std::filesystem::path out;                  // what a run wrote; is only read
  Filter filter;                              // of what else lies in `out` nothing is said
  unsigned jobs = 0;                          // threads; 0: one per core
  std::uint64_t max_btf_size = 256ULL << 20;  // bytes
};

// What there is to say of one kernel of the archive. Where several are true, the first one counts.
enum class Verdict : std::uint8_t {
  kProved,      // a loader patches every relocation as with the full BTF
  kUnreadable,  // the archive's file cannot be read, so that nothing can be said
  kMissing,     // the output has no BTF for it
  kDamaged,     // what the output has is no BTF
  kDiffers,     // some relocation would be patched otherwise
  kStale,       // none would, but the output was made from another file of the archive
};
inline constexpr std::size_t kVerdicts = 6;

struct VerifiedKernel {
  std::string archive_path;
  std::string output_path;
  Verdict verdict = Verdict::kProved;
  std::vector<std::string> reasons;   // one for each relocation that differs; empty where proved
  std::size_t relocations = 0;        // replayed against both
  std::uint64_t compressed_size = 0;  // bytes in the archive
};

// What is wrong with the output besides single kernels.
struct OutputProblem {
  enum class Kind : std::uint8_t {
    kManifest,  // btfbatch.json is missing or cannot be understood, or a run was interrupted
    kObjects,   // made from other objects
    kVersion,   // made by another version of the minimizer
    kMissing,   // a path that the archive or the manifest has
    kExtra,     // a path that they have not
    kDamaged,   // a path that is not what the manifest says
  };
  Kind kind{};
  std::string reason;  // begins with the path, where it is about one
};

struct VerifySummary {
  std::vector<ObjectSummary> objects;
  std::size_t relocations = 0;           // of all objects
  std::size_t distinct_relocations = 0;  // after deduplication
  std::vector<VerifiedKernel> kernels;   // sorted by archive path
  std::vector<OutputProblem> problems;   // by kind, then by reason
  std::size_t filtered_out = 0;
  bool stopped_early = false;
  std::chrono::nanoseconds wall{0};

  [[nodiscard]] std::size_t count(Verdict verdict) const;
  // Whether all that was asked for is proved.
  [[nodiscard]] bool is_proved() const;
};

// As RunObserver.
struct VerifyObserver {
  std::function<void(std::size_t kernels)> scanned;
  std::function<void(const VerifiedKernel&)> kernel_done;
  std::function<bool()> should_stop;
};

// Replays every relocation of every object twice for each kernel, against the full BTF in the
// archive and against the minimized one in the output, and compares what a loader would patch (see
// core/verify). Says besides whether the output was made from these objects, this archive and by
// this version, what it lacks and what it has too much.
//
// Writes nothing. Fails where the job cannot begin; RunError::Kind::kOutput: a run holds the
// output.
[[nodiscard]] std::expected<VerifySummary, RunError> verify_output(const VerifyOptions& options,
                                                                   const VerifyObserver& observer);

}  // namespace btfbatch
