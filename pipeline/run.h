// The main job: an archive and a set of objects in, a tree of minimized BTF out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/content_id.h"
#include "core/error.h"
#include "core/kernel_identity.h"
#include "core/relocation/types.h"
#include "pipeline/bundle/options.h"
#include "pipeline/filter.h"
#include "pipeline/report/answers.h"
#include "pipeline/report/options.h"

namespace btfbatch {

// How identical results share their bytes in the output.
enum class Layout : std::uint8_t {
  kSymlink,   // relative links to the lexically first path, which holds the file
  kHardlink,  // one inode under many paths
  kCopy,      // a file for each path
  kIndexed,   // blobs/CONTENT_ID.btf and index.json, no links at all
};

struct RunOptions {
  std::filesystem::path archive;  // directory tree, one tar of such a tree, or one kernel's file
  std::vector<std::filesystem::path> objects;  // eBPF ELFs, or executables that embed some
  std::filesystem::path out;                   // empty: nothing but what `bundle` asks for
  Layout layout = Layout::kSymlink;
  Filter filter;
  unsigned jobs = 0;  // threads of the whole process; 0: one per core that the process may use
  std::uint64_t max_btf_size = 256ULL << 20;  // bytes; a kernel whose BTF is larger fails
  bool strict = false;                        // stop at the first kernel that fails or is degraded
  // Take over no result of an earlier run, neither from `out` nor from `cache`.
  bool fresh = false;
  // No objects: the output holds every kernel's BTF whole, byte for byte as it is in the archive.
  bool whole = false;
  // Prove every result: replay each relocation against both BTFs, and read the output back. Takes
  // over no earlier result.
  bool verify = false;
  // A folder of results that runs into different outputs share; empty for none. See
  // pipeline/result_cache.h.
  std::filesystem::path cache{};
  BundleOptions bundle{};  // files to make beside the tree, or instead of it
  ReportOptions report{};  // the same: what will break, as a page and as JSON
};

enum class Outcome : std::uint8_t {
  kMinimized,  // all relocations have an answer, "resolved" or "absent"
  kDegraded,   // written, but some relocation has no one answer, or is not proved: see reasons
  kFailed,     // not written: see reasons
};

// What became of one entry of the archive. Exactly one for every entry that the filters let
// through.
struct KernelOutcome {
  std::string archive_path;  // relative to the archive, '/' between parts
  std::string output_path;   // relative to the output: "ubuntu/20.04/x86_64/5.4.0-58-generic.btf"
  KernelIdentity identity;
  Outcome outcome = Outcome::kFailed;
  std::vector<std::string> reasons;   // one for each ambiguous relocation, or why the kernel failed
  ContentId content_id;               // of the minimized BTF; zero where failed
  std::uint64_t compressed_size = 0;  // bytes in the archive
  std::uint64_t btf_size = 0;         // bytes of the full BTF
  std::uint64_t minimized_size = 0;   // bytes of the minimized BTF
  std::uint32_t type_count = 0;       // types kept
  std::optional<ContentId>
      source_hash;      // XXH3-128 of the bytes in the archive, where they were read
  Machine machine{};    // that the kernel's types are laid out for
  bool reused = false;  // an earlier run's result, taken over
  // What the relocations came to, in RunSummary::answers; kNoResult where failed.
  std::size_t result = AnswerTable::kNoResult;
};

struct ObjectSummary {
  std::string name;      // "opensnoop.bpf.o", or "/usr/sbin/opensnoop" where found inside
  std::string found_in;  // the file it was taken from, where that is not an eBPF ELF itself
  std::size_t relocations = 0;
  std::size_t programs = 0;
  bool has_btf_ext = true;
  std::vector<std::string> warnings;
  // Programs that load only where the kernel has BTF of its own: "on_open (fentry)".
  std::vector<std::string> kernel_btf_programs{};
};

// Another path of the archive that leads to the same file or folder ("ubuntu/focal" →
// "ubuntu/20.04").
struct Alias {
  std::string path;
  std::string target;
  bool is_directory = false;

  bool operator==(const Alias&) const = default;
};

struct RunSummary {
  std::vector<ObjectSummary> objects;
  std::size_t relocations = 0;           // of all objects
  std::size_t distinct_relocations = 0;  // after deduplication
  std::vector<KernelOutcome> kernels;    // sorted by archive path
  AnswerTable answers;                   // of all objects on all kernels
  std::vector<Alias> aliases;            // sorted by path
  std::vector<std::string> ignored;      // files that are no kernel: markers, READMEs; sorted
  std::size_t filtered_out = 0;          // kernels that the filters left out
  std::size_t unique = 0;                // different contents among the written kernels
  std::vector<BundleSummary> bundles;    // in the order in which they were asked for
  bool stopped_early = false;  // --strict, or a request to stop: outputs were left as they were
  std::chrono::nanoseconds wall{0};

  [[nodiscard]] std::size_t count(Outcome outcome) const;
  [[nodiscard]] std::size_t reused() const;  // kernels whose results were taken over
};

// How a run tells what it does. Each may be empty. Called from any of the run's threads, but never
// from two at once.
struct RunObserver {
  std::function<void(const RunSummary&)> objects_loaded;  // only the fields about objects are set
  std::function<void(std::size_t kernels)> scanned;       // total, where known before; 0 where not
  std::function<void(const KernelOutcome&)> kernel_done;  // in path order; a tar's own order
  std::function<bool()> should_stop;                      // asked often; true ends the run early
};

// Why a run could not begin or end. Kernels that fail are no RunError.
struct RunError {
  enum class Kind : std::uint8_t {
    kUsage,   // the options make no sense together, an input is missing, an object is broken
    kOutput,  // nothing could be written
  };
  Kind kind = Kind::kUsage;
  Error error;
};

// Runs the whole job. On return `options.out` holds exactly what a fresh run would have written,
// or, on error, where stopped early or where no kernel at all could be written, what it held
// before. Not to be called twice at once in one process.
[[nodiscard]] std::expected<RunSummary, RunError> run(const RunOptions& options,
                                                      const RunObserver& observer);

}  // namespace btfbatch
