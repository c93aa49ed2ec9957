#include "pipeline/stages.h"

#include <fmt/format.h>

#include <utility>

#include "core/btf/load.h"
#include "pipeline/source.h"

namespace btfbatch {
namespace {

void make_failed(KernelWork& work, Error error) {
  work.outcome.outcome = Outcome::kFailed;
  work.outcome.reasons = {std::move(error.message)};
  work.outcome.output_path.clear();
}

bool has_failed(const KernelWork& work) {
  return !work.outcome.reasons.empty();
}

// "opensnoop.bpf.o: kprobe/do_open+0x18: task_struct.pid (byte_off): ambiguous: …"
std::string describe(const UnanswerableRelocation& unanswerable, const ObjectSet& objects) {
  const Object& object = objects.objects()[unanswerable.object];
  const Relocation& relocation = object.relocations[unanswerable.relocation];
  return fmt::format("{}: {}+{:#x}: {}", object.name, relocation.section, relocation.instruction,
                     unanswerable.reason);
}

void set_result(KernelWork& work, MinimizedBtf minimized) {
  KernelOutcome& outcome = work.outcome;
  outcome.outcome = minimized.unanswerable.empty() ? Outcome::kMinimized : Outcome::kDegraded;
  outcome.content_id = minimized.id;
  outcome.minimized_size = minimized.bytes.size();
  outcome.type_count = minimized.type_count;
  work.minimized = std::move(minimized);
}

void take_over(KernelWork& work, PastResult result) {
  work.outcome.reused = true;
  work.outcome.btf_size = result.btf_size;
  work.earlier_file = std::move(result.file);
  set_result(work, std::move(result.minimized));
}

}  // namespace

KernelWork start_work(std::size_t sequence, Entry entry) {
  KernelWork work;
  work.sequence = sequence;
  work.entry = std::move(entry);
  work.outcome.archive_path = work.entry.archive_path;
  work.outcome.output_path = work.entry.output_path;
  work.outcome.identity = work.entry.identity;
  work.outcome.compressed_size = work.entry.compressed_size;
  if (work.entry.failure) {
    make_failed(work, *std::move(work.entry.failure));
  }
  return work;
}

void unpack_kernel(KernelWork& work, const UnpackLimits& limits, const PastResults& past,
                   BufferPool& buffers) {
  if (has_failed(work)) {
    return;
  }
  Result<Source> source = Source::open(work.entry, limits.stop);
  if (!source) {
    make_failed(work, std::move(source).error());
    return;
  }
  work.outcome.source_hash = source->hash();
  if (std::optional<PastResult> result = past.find(source->hash())) {
    take_over(work, *std::move(result));
  } else {
    work.btf = buffers.take();
    if (Result<void> unpacked = source->unpack(limits, work.btf); unpacked) {
      work.outcome.btf_size = work.btf.size();
    } else {
      buffers.give_back(std::exchange(work.btf, Buffer()));
      make_failed(work, std::move(unpacked).error());
    }
  }
  work.entry.content = Buffer();
}

void minimize_kernel(KernelWork& work, const ObjectSet& objects, const PastResults& past,
                     BufferPool& buffers) {
  if (has_failed(work) || work.minimized) {
    return;
  }
  Result<MinimizedBtf> minimized = [&]() -> Result<MinimizedBtf> {
    const Result<BtfView> kernel = load_kernel_btf(work.btf.bytes());
    if (!kernel) {
      return fail_within("not a valid BTF", kernel.error());
    }
    return minimize(*kernel, objects);
  }();
  buffers.give_back(std::exchange(work.btf, Buffer()));
  if (!minimized) {
    make_failed(work, std::move(minimized).error());
    return;
  }
  if (minimized->unanswerable.empty()) {
    past.keep(*work.outcome.source_hash, *minimized, work.outcome.btf_size);
  }
  for (const UnanswerableRelocation& unanswerable : minimized->unanswerable) {
    work.outcome.reasons.push_back(describe(unanswerable, objects));
  }
  set_result(work, *std::move(minimized));
}

void KernelWriter::write(KernelWork& work) {
  if (stop_.stopped()) {
    return;
  }
  std::size_t blob = ProcessedKernels::kNoBlob;
  if (work.minimized) {
    Result<std::size_t> added =
        blobs_.add(work.minimized->id, work.minimized->bytes, work.earlier_file);
    if (!added) {
      failure_ = std::move(added).error();
      stop_.stop();
      return;
    }
    blob = *added;
  }
  work.minimized.reset();
  kernel_done_(work.outcome);
  processed_.outcomes.push_back(std::move(work.outcome));
  processed_.blobs.push_back(blob);
  if (strict_ && processed_.outcomes.back().outcome != Outcome::kMinimized) {
    stop_.stop();
  }
}

Result<ProcessedKernels> KernelWriter::finish() {
  if (failure_) {
    return std::unexpected(*std::move(failure_));
  }
  return std::move(processed_);
}

}  // namespace btfbatch
