#include "pipeline/verify_output.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "core/btf/load.h"
#include "core/minimize/minimize.h"
#include "core/verify/verify.h"
#include "pipeline/announcer.h"
#include "pipeline/cores.h"
#include "pipeline/graph.h"
#include "pipeline/index.h"
#include "pipeline/objects.h"
#include "pipeline/output_check.h"
#include "pipeline/output_reader.h"
#include "pipeline/scan.h"
#include "pipeline/stages.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {
namespace {

std::unexpected<RunError> usage(Error error) {
  return std::unexpected(RunError{.kind = RunError::Kind::kUsage, .error = std::move(error)});
}

// The kernels of the manifest, by archive path.
using Listed = std::map<std::string_view, const KernelOutcome*>;

Listed kernels_listed_in(const Result<Manifest>& manifest) {
  Listed listed;
  if (manifest) {
    for (const KernelOutcome& kernel : manifest->run.kernels) {
      listed.emplace(kernel.archive_path, &kernel);
    }
  }
  return listed;
}

// Says what there is to say of one kernel after the other. Immutable; thread-safe.
class Judge {
 public:
  // The arguments are borrowed.
  Judge(const ObjectSet& objects, const OutputReader& output, const Listed& listed)
      : objects_(objects), output_(output), listed_(listed) {}

  // Fills work.verified from work.btf, or from the reason why there is none.
  void judge(KernelWork& work) const {
    VerifiedKernel& kernel = work.verified.emplace();
    kernel.archive_path = work.outcome.archive_path;
    kernel.output_path = work.entry.output_path;
    kernel.compressed_size = work.outcome.compressed_size;
    if (has_failed(work)) {
      conclude(kernel, Verdict::kUnreadable, work.outcome.reasons.front());
      return;
    }
    const Result<SharedView> full = open_btf(work);
    if (!full) {
      conclude(kernel, Verdict::kUnreadable, "not a valid BTF: " + full.error().message);
      return;
    }
    compare(**full, kernel);
    if (kernel.verdict == Verdict::kProved) {
      check_source(*work.outcome.source_hash, kernel);
    }
  }

 private:
  static void conclude(VerifiedKernel& kernel, Verdict verdict, std::string reason) {
    kernel.verdict = verdict;
    kernel.reasons.push_back(std::move(reason));
  }

  void compare(const BtfView& full, VerifiedKernel& kernel) const {
    const Result<std::optional<std::string>> bytes = output_.read(kernel.output_path);
    if (!bytes) {
      conclude(kernel, Verdict::kDamaged,
               fmt::format("{}: {}", file_of(kernel), bytes.error().message));
      return;
    }
    if (!*bytes) {
      conclude(kernel, Verdict::kMissing, fmt::format("there is no {}", file_of(kernel)));
      return;
    }
    const Result<BtfView> minimized = load_kernel_btf(bytes_of(**bytes));
    if (!minimized) {
      conclude(kernel, Verdict::kDamaged,
               fmt::format("{}: {}", file_of(kernel), minimized.error().message));
      return;
    }
    const VerifyResult result = verify(full, *minimized, objects_);
    kernel.relocations = result.relocations;
    for (const VerifyDifference& found : result.differences) {
      conclude(kernel, Verdict::kDiffers,
               describe_relocation(objects_, found.object, found.relocation, found.reason));
    }
  }

  // What was made from another file may answer today's objects by chance.
  void check_source(const ContentId& source, VerifiedKernel& kernel) const {
    if (!output_.manifest()) {
      return;  // told once for all
    }
    const auto listed = listed_.find(kernel.archive_path);
    if (listed == listed_.end()) {
      conclude(kernel, Verdict::kStale, fmt::format("{} does not list it", kManifestName));
    } else if (listed->second->source_hash != source) {
      conclude(kernel, Verdict::kStale, "made from another file than the archive has now");
    }
  }

  [[nodiscard]] std::string file_of(const VerifiedKernel& kernel) const {
    const std::string file = output_.file_of(kernel.output_path);
    return file.empty() ? fmt::format("entry for {} in {}", kernel.output_path, kIndexName) : file;
  }

  const ObjectSet& objects_;
  const OutputReader& output_;
  const Listed& listed_;
};

// What is wrong with an output as a whole.
class OutputInspector {
 public:
  // The arguments are borrowed. `kernels` are those of the archive, by archive path.
  OutputInspector(const OutputReader& output, const std::vector<VerifiedKernel>& kernels,
                  const Filter& filter)
      : output_(output), kernels_(kernels), filter_(filter) {}

  std::vector<OutputProblem> inspect(const ContentId& fingerprint, std::vector<Alias> aliases) && {
    const std::vector<WrittenKernel> living = living_kernels();
    keep_living_aliases(aliases, living);
    if (output_.was_interrupted()) {
      add(Kind::kManifest, "a run into it was interrupted; run it again");
    }
    if (const Result<Manifest>& manifest = output_.manifest()) {
      check_origin(*manifest, fingerprint);
      check_kernels(*manifest);
      check_aliases(manifest->run.aliases, aliases, living);
      check_files(*manifest);
      check_index(*manifest);
    } else {
      add(Kind::kManifest,
          fmt::format("{}: {}; so nothing says which objects and which archive it was made from",
                      kManifestName, manifest.error().message));
    }
    if (output_.index() && !*output_.index()) {
      add(Kind::kDamaged, fmt::format("{}: {}", kIndexName, output_.index()->error().message));
    }
    check_extra_files(aliases, living);
    std::ranges::sort(problems_, {}, [](const OutputProblem& problem) {
      return std::tie(problem.kind, problem.reason);
    });
    return std::move(problems_);
  }

 private:
  using Kind = OutputProblem::Kind;

  void add(Kind kind, std::string reason) {
    problems_.push_back({.kind = kind, .reason = std::move(reason)});
  }

  void check_origin(const Manifest& manifest, const ContentId& fingerprint) {
    if (manifest.output_version != kOutputVersion) {
      add(Kind::kVersion,
          fmt::format("made by version {} of the minimizer (btfbatch {}), not by {} ({})",
                      manifest.output_version, manifest.tool_version, kOutputVersion,
                      BTFBATCH_VERSION));
    }
    if (manifest.fingerprint != fingerprint) {
      add(Kind::kObjects,
          fmt::format("made from other objects than those given: {} of them, whose "
                      "relocations have the fingerprint {}, not {}",
                      manifest.run.objects.size(), manifest.fingerprint.hex(), fingerprint.hex()));
    }
  }

  [[nodiscard]] const VerifiedKernel* find_kernel(std::string_view archive_path) const {
    const auto found =
        std::ranges::lower_bound(kernels_, archive_path, {}, &VerifiedKernel::archive_path);
    return found != kernels_.end() && found->archive_path == archive_path ? &*found : nullptr;
  }

  void check_kernels(const Manifest& manifest) {
    for (const KernelOutcome& kernel : manifest.run.kernels) {
      if (kernel.outcome != Outcome::kFailed &&
          filter_.passes(kernel.archive_path, kernel.identity) &&
          find_kernel(kernel.archive_path) == nullptr) {
        add(Kind::kExtra, fmt::format("{}: the archive has no {} any more", kernel.output_path,
                                      kernel.archive_path));
      }
    }
  }

  [[nodiscard]] std::vector<WrittenKernel> living_kernels() const {
    std::vector<WrittenKernel> living;
    for (const VerifiedKernel& kernel : kernels_) {
      if (kernel.verdict != Verdict::kUnreadable) {
        living.push_back({.archive_path = kernel.archive_path,
                          .output_path = kernel.output_path,
                          .blob = 0,
                          .blob_name = {}});
      }
    }
    return living;
  }

  // Of the kernels that are looked at, the aliases must be the same.
  void check_aliases(std::vector<Alias> listed, const std::vector<Alias>& aliases,
                     const std::vector<WrittenKernel>& living) {
    keep_living_aliases(listed, living);
    const auto report_others = [this](const std::vector<Alias>& present,
                                      const std::vector<Alias>& expected, Kind kind,
                                      std::string_view what) {
      for (const Alias& alias : expected) {
        if (std::ranges::find(present, alias) == present.end()) {
          add(kind, fmt::format("{}: {} alias of {}", alias.path, what, alias.target));
        }
      }
    };
    report_others(listed, aliases, Kind::kMissing, "the output has not this");
    report_others(aliases, listed, Kind::kExtra, "the archive has no longer this");
  }

  // Every file as the manifest says, and every link. What belongs to a kernel that lacks its file
  // is told there.
  void check_files(const Manifest& manifest) {
    const std::vector<WrittenKernel> written = manifest.written_kernels();
    std::map<std::size_t, BlobIdentity> blobs;
    for (std::size_t i = 0, next = 0; i < manifest.run.kernels.size(); ++i) {
      const KernelOutcome& kernel = manifest.run.kernels[i];
      if (kernel.outcome != Outcome::kFailed) {
        blobs.emplace(written[next++].blob,
                      BlobIdentity{.id = kernel.content_id, .size = kernel.minimized_size});
      }
    }
    const OutputPlan plan = plan_output(manifest.layout, written, manifest.run.aliases);
    const auto identity_of = [&](std::size_t blob) { return blobs.at(blob); };
    std::set<std::string, std::less<>> told;
    for (const VerifiedKernel& kernel : kernels_) {
      if (kernel.verdict == Verdict::kMissing || kernel.verdict == Verdict::kDamaged) {
        told.insert(output_.file_of(kernel.output_path));
      }
    }
    for (const Misplaced& misplaced : check_output(output_.root(), plan, identity_of)) {
      if (!told.contains(misplaced.path)) {
        add(Kind::kDamaged, fmt::format("{}: {}", misplaced.path, misplaced.reason));
      }
    }
    for (const auto& [path, planned] : plan) {
      expected_files_.insert(path);
    }
  }

  // That an index which can be read leads from the same names to the same bytes.
  void check_index(const Manifest& manifest) {
    if (!output_.index() || !*output_.index()) {
      return;
    }
    const Result<Index> expected = read_index(write_index(manifest));
    if (!expected || **output_.index() != *expected) {
      add(Kind::kDamaged, fmt::format("{}: does not say of the kernels and aliases what {} says",
                                      kIndexName, kManifestName));
    }
  }

  void check_extra_files(const std::vector<Alias>& aliases,
                         const std::vector<WrittenKernel>& living) {
    for (const VerifiedKernel& kernel : kernels_) {
      expected_files_.insert(output_.file_of(kernel.output_path));
    }
    // Every path at which a kernel may show, whatever the layout.
    for (const auto& [path, planned] : plan_output(Layout::kCopy, living, aliases)) {
      expected_files_.insert(path);
    }
    for (const std::string& file : output_.btf_files()) {
      if (!expected_files_.contains(file) && filter_.passes(file, identify_kernel(file))) {
        add(Kind::kExtra, fmt::format("{}: belongs to no kernel of the archive", file));
      }
    }
  }

  const OutputReader& output_;
  const std::vector<VerifiedKernel>& kernels_;
  const Filter& filter_;
  std::set<std::string, std::less<>> expected_files_;
  std::vector<OutputProblem> problems_;
};

}  // namespace

std::size_t VerifySummary::count(Verdict verdict) const {
  return static_cast<std::size_t>(std::ranges::count(kernels, verdict, &VerifiedKernel::verdict));
}

bool VerifySummary::is_proved() const {
  return !stopped_early && problems.empty() && count(Verdict::kProved) == kernels.size();
}

std::expected<VerifySummary, RunError> verify_output(const VerifyOptions& options,
                                                     const VerifyObserver& observer) {
  const auto begin = std::chrono::steady_clock::now();
  VerifySummary summary;
  Announcer announcer;
  StopSignal stop(observer.should_stop, announcer.mutex());
  if (Result<void> checked = options.filter.check(); !checked) {
    return usage(std::move(checked).error());
  }

  // The output first: it costs nothing to see that there is none. No run can change it from here
  // on.
  const std::expected<OutputReader, RunError> output = OutputReader::open(options.out);
  if (!output) {
    return std::unexpected(output.error());
  }

  // The objects, once for all kernels. Past here the object set is read-only.
  const Result<LoadedObjects> objects =
      load_objects(options.objects, thread_count(options.jobs), &stop);
  if (!objects && stop.stopped()) {
    summary.stopped_early = true;
    return summary;
  }
  if (!objects) {
    return usage(objects.error());
  }
  summary.objects = objects->summaries;
  summary.relocations = objects->set.relocation_count();
  summary.distinct_relocations = objects->set.distinct_relocation_count();

  const UnpackLimits limits{.max_btf_size = options.max_btf_size, .stop = &stop};
  Result<std::unique_ptr<Archive>> archive =
      open_archive(options.archive,
                   {.filter = options.filter, .max_btf_size = limits.max_btf_size, .stop = &stop});
  if (!archive) {
    return usage(std::move(archive).error().within("archive " + options.archive.string()));
  }
  announcer.tell(observer.scanned, (*archive)->entry_count());

  // All kernels, in parallel, each against its counterpart in the output.
  const Listed listed = kernels_listed_in(output->manifest());
  const Judge judge(objects->set, *output, listed);
  const PastResults nothing_known{ResultRules{}};
  BufferPool buffers;
  run_graph(
      **archive, thread_count(options.jobs), stop,
      {.unpack = [&](KernelWork& work) { unpack_kernel(work, limits, nothing_known, buffers); },
       .judge =
           [&](KernelWork& work) {
             judge.judge(work);
             drop_btf(work, buffers);
           },
       .collect =
           [&](KernelWork& work) {
             if (!stop.stopped()) {
               announcer.tell(observer.kernel_done, *work.verified);
               summary.kernels.push_back(*std::move(work.verified));
             }
           }});
  std::ranges::sort(summary.kernels, {}, &VerifiedKernel::archive_path);
  Findings found = (*archive)->findings();
  summary.filtered_out = found.filtered_out;
  if (summary.kernels.empty() && !stop.stopped()) {
    return usage(no_kernel_in(options.archive, summary.filtered_out));
  }

  // The output as a whole, once all kernels of the archive are known.
  summary.stopped_early = stop.stopped();
  if (!summary.stopped_early) {
    summary.problems = OutputInspector(*output, summary.kernels, options.filter)
                           .inspect(objects->set.fingerprint(), std::move(found.aliases));
  }
  summary.wall = std::chrono::steady_clock::now() - begin;
  return summary;
}

}  // namespace btfbatch
