#include "pipeline/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "pipeline/announcer.h"
#include "pipeline/blob_store.h"
#include "pipeline/bundle/bundle.h"
#include "pipeline/cores.h"
#include "pipeline/graph.h"
#include "pipeline/index.h"
#include "pipeline/manifest.h"
#include "pipeline/objects.h"
#include "pipeline/output_check.h"
#include "pipeline/output_folder.h"
#include "pipeline/output_plan.h"
#include "pipeline/past_results.h"
#include "pipeline/place.h"
#include "pipeline/report/answers.h"
#include "pipeline/report/kernel_answers.h"
#include "pipeline/report/staged_reports.h"
#include "pipeline/scan.h"
#include "pipeline/scratch_folder.h"
#include "pipeline/stages.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {
namespace {

std::unexpected<RunError> usage(Error error) {
  return std::unexpected(RunError{.kind = RunError::Kind::kUsage, .error = std::move(error)});
}

std::unexpected<RunError> no_output(Error error) {
  return std::unexpected(RunError{.kind = RunError::Kind::kOutput, .error = std::move(error)});
}

// All kernels through the graph, those with a past result on a shorter way. Where the run is
// stopped, what is there is the archive's beginning, up to and including the kernel at which
// --strict stopped it. Fails where a blob could not be written.
Result<ProcessedKernels> process_kernels(const RunOptions& options, Archive& archive,
                                         const ObjectSet& objects, KernelAnswers& answers,
                                         const PastResults& past, BlobStore& blobs,
                                         AnswerCollector& collector, StopSignal& stop,
                                         const std::function<void(const KernelOutcome&)>& done) {
  const UnpackLimits limits{.max_btf_size = options.max_btf_size, .stop = &stop};
  const Proof proof = options.verify ? Proof::kYes : Proof::kNo;
  BufferPool buffers;
  KernelWriter writer(blobs, options.strict, stop, done, &collector);
  run_graph(archive, thread_count(options.jobs), stop,
            {.unpack =
                 [&](KernelWork& work) {
                   unpack_kernel(work, limits, past, buffers, options.whole ? nullptr : &answers);
                 },
             .judge =
                 [&](KernelWork& work) {
                   if (options.whole) {
                     keep_whole(work, buffers);
                   } else {
                     minimize_kernel(work, objects, past, buffers, proof, &answers);
                   }
                 },
             .collect = [&](KernelWork& work) { writer.write(work); }});
  return writer.finish();
}

// Brings outcomes and blobs into the order of their archive paths, in which a tar need not be.
void sort_by_path(ProcessedKernels& kernels) {
  std::vector<std::size_t> order(kernels.outcomes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) -> const std::string& {
    return kernels.outcomes[i].archive_path;
  });
  ProcessedKernels sorted;
  for (const std::size_t i : order) {
    sorted.outcomes.push_back(std::move(kernels.outcomes[i]));
    sorted.blobs.push_back(kernels.blobs[i]);
  }
  kernels = std::move(sorted);
}

// What all relocations came to. The kernels are in their final order.
AnswerTable finish_answers(AnswerCollector& collector, std::vector<KernelOutcome>& kernels) {
  std::vector<std::size_t> results;
  results.reserve(kernels.size());
  for (const KernelOutcome& kernel : kernels) {
    results.push_back(kernel.result);
  }
  AnswerTable table = collector.finish(results);
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    kernels[i].result = results[i];
  }
  return table;
}

// The name of each blob, without ".btf": its content id; where several share one, from the second
// path on with a number.
std::vector<std::string> name_blobs(const ProcessedKernels& kernels, const BlobStore& blobs) {
  std::vector<std::string> names(blobs.size());
  std::unordered_map<ContentId, std::size_t> used;
  for (const std::size_t blob : kernels.blobs) {
    if (blob != ProcessedKernels::kNoBlob && names[blob].empty()) {
      const std::size_t number = ++used[blobs.id(blob)];
      names[blob] = blobs.id(blob).hex();
      if (number > 1) {
        names[blob] += fmt::format("-{}", number);
      }
    }
  }
  return names;
}

std::vector<WrittenKernel> written_kernels(const ProcessedKernels& kernels,
                                           const std::vector<std::string>& blob_names) {
  std::vector<WrittenKernel> written;
  for (std::size_t i = 0; i < kernels.outcomes.size(); ++i) {
    if (kernels.blobs[i] != ProcessedKernels::kNoBlob) {
      written.push_back({.archive_path = kernels.outcomes[i].archive_path,
                         .output_path = kernels.outcomes[i].output_path,
                         .blob = kernels.blobs[i],
                         .blob_name = blob_names[kernels.blobs[i]]});
    }
  }
  return written;
}

Manifest make_manifest(Layout layout, const ResultRules& rules, const RunSummary& summary,
                       const ProcessedKernels& kernels,
                       const std::vector<std::string>& blob_names) {
  Manifest manifest{.tool_version = BTFBATCH_VERSION,
                    .layout = layout,
                    .output_version = rules.output_version,
                    .fingerprint = rules.fingerprint,
                    .max_btf_size = rules.max_btf_size,
                    .run = summary,
                    .blob_names = {}};
  for (const std::size_t blob : kernels.blobs) {
    manifest.blob_names.push_back(blob == ProcessedKernels::kNoBlob ? std::string()
                                                                    : blob_names[blob]);
  }
  return manifest;
}

// Whether the folder shows what was to be placed in it.
Result<void> read_back(const OutputFolder& folder, const OutputPlan& plan, const BlobStore& blobs) {
  const std::vector<Misplaced> misplaced = check_output(folder.root(), plan, [&](std::size_t blob) {
    return BlobIdentity{.id = blobs.id(blob), .size = blobs.byte_count(blob)};
  });
  if (misplaced.empty()) {
    return {};
  }
  return fail(fmt::format("--verify: {} {} ({} of {} paths)",
                          (folder.root() / misplaced.front().path).string(),
                          misplaced.front().reason, misplaced.size(), plan.size()));
}

// The results that `folder`, where there is one, and the cache hold for a run under `rules`.
Result<PastResults> past_results(const RunOptions& options, const ResultRules& rules,
                                 const std::optional<OutputFolder>& folder) {
  PastResults past(rules);
  const bool only_new = options.fresh || options.verify;
  if (!only_new && folder && folder->earlier_manifest()) {
    past.add_output(folder->root(), *folder->earlier_manifest());
  }
  if (!options.cache.empty()) {
    Result<ResultCache> cache = ResultCache::open(options.cache, options.archive, rules);
    if (!cache) {
      return fail_within("--cache", std::move(cache).error());
    }
    past.use_cache(*std::move(cache), only_new);
  }
  return past;
}

// Where new contents wait until all kernels are done.
struct WorkingPlace {
  std::optional<OutputFolder> folder;    // locked against other runs
  std::optional<ScratchFolder> scratch;  // where no output folder is wanted

  [[nodiscard]] std::filesystem::path blob_folder() const {
    return folder ? folder->blob_folder() : scratch->path();
  }
};

std::expected<WorkingPlace, RunError> open_working_place(const RunOptions& options) {
  WorkingPlace place;
  if (!options.out.empty()) {
    std::expected<OutputFolder, RunError> folder = OutputFolder::open(options.out, options.archive);
    if (!folder) {
      return std::unexpected(std::move(folder).error());
    }
    place.folder.emplace(*std::move(folder));
  } else {
    Result<ScratchFolder> scratch = ScratchFolder::make();
    if (!scratch) {
      return no_output(std::move(scratch).error());
    }
    place.scratch.emplace(*std::move(scratch));
  }
  return place;
}

// Makes the output folder show what is written, manifest and all.
Result<void> place_tree(const RunOptions& options, OutputFolder& folder, const Manifest& manifest,
                        std::span<const WrittenKernel> written, const BlobStore& blobs,
                        StopSignal& stop) {
  const Documents documents{.manifest = write_manifest(manifest),
                            .index = options.layout == Layout::kIndexed
                                         ? std::optional(write_index(manifest))
                                         : std::nullopt};
  const OutputPlan plan = plan_output(options.layout, written, manifest.run.aliases);
  Result<void> placed = place_output(folder, plan, blobs, options.layout, documents, &stop);
  if (placed && options.verify) {
    placed = read_back(folder, plan, blobs);
  }
  if (placed) {
    folder.complete();
  }
  return placed;
}

}  // namespace

std::size_t RunSummary::reused() const {
  return static_cast<std::size_t>(std::ranges::count(kernels, true, &KernelOutcome::reused));
}

std::size_t RunSummary::count(Outcome outcome) const {
  return static_cast<std::size_t>(std::ranges::count(kernels, outcome, &KernelOutcome::outcome));
}

std::expected<RunSummary, RunError> run(const RunOptions& options, const RunObserver& observer) {
  const auto begin = std::chrono::steady_clock::now();
  RunSummary summary;
  Announcer announcer;
  StopSignal stop(observer.should_stop, announcer.mutex());

  // Usage first: what is wrong with the options is told before anything is read.
  if (Result<void> checked = options.filter.check(); !checked) {
    return usage(std::move(checked).error());
  }
  if (Result<void> checked = options.bundle.check(options.archive, options.objects, options.out);
      !checked) {
    return usage(std::move(checked).error());
  }
  if (Result<void> checked = options.report.check(options.archive); !checked) {
    return usage(std::move(checked).error());
  }

  // The objects, once for all kernels. Past here the object set is read-only.
  const Result<LoadedObjects> objects =
      options.whole ? no_objects()
                    : load_objects(options.objects, thread_count(options.jobs), &stop);
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
  announcer.tell(observer.objects_loaded, summary);

  // The output folder, locked against other runs. Nothing in it changes before the last step.
  std::expected<WorkingPlace, RunError> place = open_working_place(options);
  if (!place) {
    return std::unexpected(std::move(place).error());
  }

  // What earlier runs have done already. Past here it is read-only, but for what the cache gains.
  const ResultRules rules{.fingerprint = objects->set.fingerprint(),
                          .max_btf_size = options.max_btf_size,
                          .output_version = options.whole ? kWholeVersion : kOutputVersion};
  const Result<PastResults> past = past_results(options, rules, place->folder);
  if (!past) {
    return usage(past.error());
  }

  // The archive: a directory is listed now, a tar is read as the kernels are.
  Result<std::unique_ptr<Archive>> archive =
      open_archive(options.archive,
                   {.filter = options.filter, .max_btf_size = options.max_btf_size, .stop = &stop});
  if (!archive) {
    return usage(std::move(archive).error().within("archive " + options.archive.string()));
  }
  announcer.tell(observer.scanned, (*archive)->entry_count());

  // All kernels, in parallel; new contents go to staging. Past here no thread but this one is left.
  BlobStore blobs(place->blob_folder());
  const std::vector<ObjectNeeds> needs = needs_of(objects->set);
  KernelAnswers answers(objects->set, needs);
  AnswerCollector collector(needs);
  Result<ProcessedKernels> kernels = process_kernels(
      options, **archive, objects->set, answers, *past, blobs, collector, stop,
      [&](const KernelOutcome& kernel) { announcer.tell(observer.kernel_done, kernel); });
  if (!kernels) {
    return no_output(std::move(kernels).error());
  }

  // By path from here on, so that nothing depends on the order in which kernels were read.
  sort_by_path(*kernels);
  const std::vector<std::string> blob_names = name_blobs(*kernels, blobs);
  const std::vector<WrittenKernel> written = written_kernels(*kernels, blob_names);
  Findings found = (*archive)->findings();
  std::erase_if(found.aliases,
                [&](const Alias& alias) { return options.filter.excludes_alias(alias.path); });
  keep_living_aliases(found.aliases, written);
  summary.kernels = std::move(kernels->outcomes);
  summary.answers = finish_answers(collector, summary.kernels);
  summary.aliases = std::move(found.aliases);
  summary.ignored = std::move(found.ignored);
  summary.filtered_out = found.filtered_out;
  summary.unique = blobs.size();
  if (summary.kernels.empty() && !stop.stopped()) {
    return usage(no_kernel_in(options.archive, summary.filtered_out));
  }

  // All or nothing: a run that was stopped, or has nothing to show, leaves the output as it was.
  summary.stopped_early = stop.stopped();
  if (!summary.stopped_early && !written.empty()) {
    // Bundles and reports first, under temporary names: what fails here has changed nothing.
    const std::vector<BundleEntry> entries = bundle_entries(written, summary.aliases);
    Result<StagedBundles> bundles =
        StagedBundles::make(options.bundle, entries, blobs, rules.fingerprint, &stop);
    Result<void> done = bundles ? Result<void>() : std::unexpected(bundles.error());
    if (done && options.verify) {
      done = bundles->read_back(options.bundle, entries, blobs, &stop);
    }
    Result<StagedReports> reports = StagedReports::make(options.report, summary);
    if (done && !reports) {
      done = std::unexpected(std::move(reports).error());
    }
    if (done && place->folder) {
      const Manifest manifest = make_manifest(options.layout, rules, summary, *kernels, blob_names);
      done = place_tree(options, *place->folder, manifest, written, blobs, stop);
    }
    if (!done && stop.stopped() && !(place->folder && place->folder->is_placing())) {
      summary.stopped_early = true;
    } else if (!done) {
      return no_output(std::move(done).error());
    } else if (Result<void> bundled = bundles->place(); !bundled) {
      return no_output(std::move(bundled).error());
    } else if (Result<void> reported = reports->place(); !reported) {
      return no_output(std::move(reported).error());
    } else {
      summary.bundles = bundles->summaries();
    }
  }
  summary.wall = std::chrono::steady_clock::now() - begin;
  return summary;
}

}  // namespace btfbatch
