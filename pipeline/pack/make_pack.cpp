// The pack job, as steps.
//
// Which kernel is best coded against which is known only when all have been seen, and they do not
// fit in memory. So the archive is read once, each new BTF is put aside in a file without a name,
// lightly compressed (an eighth of the time that reading it from the archive a second time would
// take, and an archive that is one tar cannot be read twice in any order), and only a sketch of it
// is kept. Then bases are chosen, and everything is coded in an order that follows from the choice
// alone.
#include "pipeline/pack/make_pack.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_set>
#include <utility>

#include "pipeline/announcer.h"
#include "pipeline/cores.h"
#include "pipeline/graph.h"
#include "pipeline/output_plan.h"
#include "pipeline/pack/coding.h"
#include "pipeline/pack/contents.h"
#include "pipeline/pack/decode_order.h"
#include "pipeline/pack/pack_writer.h"
#include "pipeline/pack/packed_kernel.h"
#include "pipeline/pack/plan.h"
#include "pipeline/scan.h"
#include "pipeline/staged_file.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {
namespace {

// How many kernels of the base on either side of a new one are considered to code it against.
constexpr std::size_t kKeptCandidates = 4;

std::unexpected<RunError> usage(Error error) {
  return std::unexpected(RunError{.kind = RunError::Kind::kUsage, .error = std::move(error)});
}

std::unexpected<RunError> no_output(Error error) {
  return std::unexpected(RunError{.kind = RunError::Kind::kOutput, .error = std::move(error)});
}

// Says what is done, one call at a time.
struct Teller {
  const PackObserver& observer;
  Announcer& announcer;

  void begin(std::string_view phase, std::size_t total) {
    announcer.tell(observer.begin, phase, total);
  }
  void kernel_done(const std::string& path, std::string_view failure) {
    announcer.tell(observer.kernel_done, path, failure);
  }
};

// All kernels of the archive into `contents`. Fails where the temporary file cannot be written.
Result<void> read_archive(Archive& archive, const BasePack& base, const UnpackLimits& limits,
                          unsigned jobs, StopSignal& stop, Teller& teller, Contents& contents) {
  BufferPool buffers;
  Result<void> added;
  run_graph(archive, jobs, stop,
            {.unpack = [&](KernelWork& work) { read_kernel(work, base, limits, buffers); },
             .judge = [&](KernelWork& work) { survey_kernel(work, base, buffers); },
             .collect =
                 [&](KernelWork& work) {
                   if (stop.stopped()) {
                     return;
                   }
                   teller.kernel_done(work.outcome.archive_path,
                                      has_failed(work) ? work.outcome.reasons.front() : "");
                   added = contents.add(work);
                   if (!added) {
                     stop.stop();
                   }
                 }});
  return added;
}

// Sketches of some of the kernels that the base has, so that new ones can be coded against them.
class KeptSketches : public Archive {
 public:
  KeptSketches(const BasePack& base, std::vector<std::size_t> wanted,
               std::vector<Content>& contents)
      : wanted_(std::move(wanted)), contents_(contents) {
    std::vector<std::uint32_t> numbers;
    std::vector<std::uint32_t> blobs;
    for (const std::size_t i : wanted_) {
      numbers.push_back(*base.kernel_of(*contents_[i].kept));
      blobs.push_back(*contents_[i].kept);
    }
    packed_ = share_blobs(base.pack(), numbers);
    order_ = decode_order(base.pack()->index().blobs, blobs);
  }

  std::size_t entry_count() const override { return order_.size(); }
  std::optional<Entry> next() override {
    if (next_ == order_.size()) {
      return std::nullopt;
    }
    Entry entry;
    entry.packed = std::move(packed_[order_[next_++]]);
    return entry;
  }
  Findings findings() override { return {}; }

  // What cannot be decoded is left without a sketch, and so no base for anything.
  void make(const UnpackLimits& limits, unsigned jobs, StopSignal& stop) {
    BufferPool buffers;
    run_graph(*this, jobs, stop,
              {.unpack =
                   [&](KernelWork& work) {
                     work.btf = buffers.take();
                     if (!work.entry.packed->unpack(limits, work.btf)) {
                       work.btf.clear();
                     }
                     work.entry.packed.reset();
                   },
               .judge =
                   [&](KernelWork& work) {
                     contents_[wanted_[order_[work.sequence]]].sketch =
                         Sketch::of(work.btf.bytes());
                     buffers.give_back(std::exchange(work.btf, Buffer()));
                   },
               .collect = [](KernelWork&) {}});
  }

 private:
  std::vector<std::size_t> wanted_;  // contents
  std::vector<Content>& contents_;
  std::vector<std::shared_ptr<const PackedKernel>> packed_;
  std::vector<std::size_t> order_;
  std::size_t next_ = 0;
};

// The kept contents next to each new one, of those that a kernel of the base has.
std::vector<std::size_t> kept_candidates(const BasePack& base, const std::vector<Content>& contents,
                                         std::span<const PlannedBtf> btfs) {
  const std::vector<std::size_t> order = neighbours_together(btfs);
  std::set<std::size_t> candidates;
  const auto look = [&](auto at, auto end) {
    std::size_t found = 0;
    for (; at != end && found < kKeptCandidates; ++at) {
      if (contents[*at].kept && base.kernel_of(*contents[*at].kept)) {
        candidates.insert(*at);
        ++found;
      }
    }
  };
  for (auto at = order.begin(); at != order.end(); ++at) {
    if (!btfs[*at].fixed_depth) {
      look(at, order.end());
      look(std::make_reverse_iterator(at), order.rend());
    }
  }
  return {candidates.begin(), candidates.end()};
}

std::vector<std::optional<std::size_t>> choose_bases(Contents& contents, const BasePack& base,
                                                     const UnpackLimits& limits, unsigned jobs,
                                                     StopSignal& stop) {
  std::vector<PlannedBtf> btfs;
  for (const Content& content : contents.contents()) {
    PlannedBtf& btf = btfs.emplace_back();
    btf.path = content.path;
    btf.btf_size = content.btf_size;
    if (content.kept) {
      btf.fixed_depth = base.pack()->index().depth(*content.kept);
    }
  }
  if (base.pack() != nullptr) {
    KeptSketches(base, kept_candidates(base, contents.contents(), btfs), contents.contents())
        .make(limits, jobs, stop);
  }
  for (std::size_t i = 0; i < btfs.size(); ++i) {
    btfs[i].sketch = std::move(contents.contents()[i].sketch);
  }
  return plan_bases(btfs);
}

// Kernels, failures and everything else that an index holds, and room for the blobs.
PackIndex make_index(Contents& contents, Findings found, const Filter& filter) {
  PackIndex index;
  index.blobs.resize(contents.contents().size());
  index.kernels = contents.kernels();
  index.failures = std::move(contents.failures());
  index.ignored = std::move(found.ignored);
  // Of what the filters left out, nothing is said.
  std::erase_if(found.aliases,
                [&](const Alias& alias) { return filter.excludes_alias(alias.path); });
  std::vector<WrittenKernel> present;
  for (const PackKernel& kernel : index.kernels) {
    present.push_back({.archive_path = kernel.path, .output_path = {}, .blob_name = {}});
  }
  for (const PackFailure& failure : index.failures) {
    present.push_back({.archive_path = failure.path, .output_path = {}, .blob_name = {}});
  }
  std::ranges::sort(present, {}, &WrittenKernel::archive_path);
  keep_living_aliases(found.aliases, present);
  index.aliases = std::move(found.aliases);
  return index;
}

// Copies what is kept, codes the rest, and gives blobs their numbers in the order in which they are
// written. Fails where something cannot be read back or written.
Result<void> write_blobs(const Contents& contents, const BasePack& base,
                         std::span<const CodingUnit> units, unsigned jobs, StopSignal& stop,
                         Teller& teller, PackWriter& writer, PackIndex& index) {
  const std::vector<Content>& all = contents.contents();
  std::vector<std::uint32_t> blob_of(all.size());
  std::uint32_t count = 0;
  const auto add = [&](std::size_t i, std::span<const std::byte> coded,
                       std::optional<std::uint32_t> base_blob) {
    PackBlob& blob = index.blobs[count];
    blob.btf_size = all[i].btf_size;
    blob.id = all[i].id;
    blob.base = base_blob;
    blob_of[i] = count++;
    return writer.add(coded, blob);
  };
  std::map<std::uint32_t, std::uint32_t> copied;  // number in the base → number in the new pack
  for (std::size_t i = 0; i < all.size() && all[i].kept; ++i) {
    const PackBlob& kept = base.pack()->index().blobs[*all[i].kept];
    const Result<Buffer> coded = base.pack()->read_blob(*all[i].kept);
    if (!coded) {
      return fail_within("--base: " + all[i].path, coded.error());
    }
    copied.emplace(*all[i].kept, count);
    Result<void> added =
        add(i, coded->bytes(), kept.base ? std::optional(copied.at(*kept.base)) : std::nullopt);
    if (!added) {
      return added;
    }
  }
  Result<void> coded =
      code_units(contents, units, jobs, stop,
                 [&](const CodedContent& content, std::optional<std::size_t> base_content) {
                   Result<void> added =
                       add(content.content, content.bytes,
                           content.is_whole ? std::nullopt : std::optional(blob_of[*base_content]));
                   teller.kernel_done(all[content.content].path, "");
                   return added;
                 });
  for (PackKernel& kernel : index.kernels) {
    kernel.blob = blob_of[kernel.blob];
  }
  return coded;
}

PackSummary summarize(const Contents& contents, const PackIndex& index) {
  PackSummary summary;
  summary.kernels = contents.kernels().size();
  summary.failures = index.failures;
  summary.aliases = index.aliases.size();
  summary.ignored = index.ignored.size();
  std::unordered_set<std::uint32_t> unique;
  for (const PackKernel& kernel : contents.kernels()) {
    const Content& content = contents.contents()[kernel.blob];
    summary.unchanged += content.kept ? 1 : 0;
    summary.archive_bytes += kernel.compressed_size;
    summary.btf_bytes += content.btf_size;
    unique.insert(kernel.blob);
  }
  summary.unique = unique.size();
  return summary;
}

}  // namespace

std::expected<PackSummary, RunError> make_pack(const PackOptions& options,
                                               const PackObserver& observer) {
  const auto begin = std::chrono::steady_clock::now();
  Announcer announcer;
  StopSignal stop(observer.should_stop, announcer.mutex());
  Teller teller{observer, announcer};
  const unsigned jobs = thread_count(options.jobs);
  const UnpackLimits limits{.max_btf_size = options.max_btf_size, .stop = &stop};

  // Usage first: what is wrong with the options is told before anything is read.
  if (Result<void> checked = options.filter.check(); !checked) {
    return usage(std::move(checked).error());
  }

  // What is there already. Past here the base is read-only.
  Result<BasePack> base;
  if (!options.base.empty()) {
    base = BasePack::open(options.base);
    if (!base) {
      return usage(std::move(base).error().within("--base " + options.base.string()));
    }
  }

  // The output, and the room for what waits: whoever cannot write learns it before hours of work.
  Result<StagedFile> staged = StagedFile::make(options.out);
  if (!staged) {
    return no_output(std::move(staged).error().within("--out"));
  }
  PackWriter writer(*std::move(staged));
  Result<ScratchFile> scratch =
      ScratchFile::make(std::filesystem::absolute(options.out).parent_path());
  if (!scratch) {
    return no_output(std::move(scratch).error());
  }

  // The archive, all of it; clashes of output paths are a matter for those who make outputs.
  Result<std::unique_ptr<Archive>> archive =
      open_archive(options.archive, {.filter = options.filter,
                                     .max_btf_size = options.max_btf_size,
                                     .stop = &stop,
                                     .clashes = Clashes::kIgnore});
  if (!archive) {
    return usage(std::move(archive).error().within("archive " + options.archive.string()));
  }
  Contents contents(*std::move(scratch), *base);
  teller.begin("reading", (*archive)->entry_count());
  if (Result<void> read = read_archive(**archive, *base, limits, jobs, stop, teller, contents);
      !read) {
    return no_output(std::move(read).error());
  }
  Findings found = (*archive)->findings();
  PackSummary summary;
  if (stop.stopped()) {
    summary.stopped_early = true;
    return summary;
  }
  contents.complete();
  const std::size_t filtered_out = found.filtered_out;
  if (contents.kernels().empty() && contents.failures().empty()) {
    return usage(no_kernel_in(options.archive, filtered_out));
  }

  // What is coded against what: a pure function of the sketches. Past here contents are read-only.
  const std::vector<std::optional<std::size_t>> bases =
      choose_bases(contents, *base, limits, jobs, stop);
  const std::vector<CodingUnit> units = split_into_units(contents, bases);
  PackIndex index = make_index(contents, std::move(found), options.filter);
  summary = summarize(contents, index);
  summary.filtered_out = filtered_out;
  if (summary.kernels == 0) {
    return summary;
  }

  // The pack, under a temporary name until it is whole.
  std::size_t to_code = 0;
  for (const CodingUnit& unit : units) {
    to_code += unit.contents.size();
  }
  teller.begin("coding", to_code);
  Result<void> written = writer.begin(index);
  if (written) {
    written = write_blobs(contents, *base, units, jobs, stop, teller, writer, index);
  }
  if (!written) {
    return no_output(std::move(written).error());
  }
  if (stop.stopped()) {
    summary.stopped_early = true;
    return summary;
  }
  const Result<std::uint64_t> size = writer.finish(index);
  if (!size) {
    return no_output(size.error());
  }
  if (Result<void> placed = writer.place(); !placed) {
    return no_output(std::move(placed).error());
  }
  summary.pack_bytes = *size;
  summary.wall = std::chrono::steady_clock::now() - begin;
  return summary;
}

}  // namespace btfbatch
