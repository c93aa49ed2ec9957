#include "pipeline/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/btf/load.h"
#include "core/verify/verify.h"
#include "pipeline/source.h"

namespace btfbatch {
namespace {

void make_failed(KernelWork& work, Error error) {
  work.outcome.outcome = Outcome::kFailed;
  work.outcome.reasons = {std::move(error.message)};
  work.outcome.output_path.clear();
}

void set_result(KernelWork& work, MinimizedBtf minimized) {
  KernelOutcome& outcome = work.outcome;
  outcome.outcome = outcome.reasons.empty() ? Outcome::kMinimized : Outcome::kDegraded;
  outcome.content_id = minimized.id;
  outcome.minimized_size = minimized.bytes.size();
  outcome.type_count = minimized.type_count;
  work.minimized = std::move(minimized);
}

// Whether the reasons of an earlier run are those that this one would give: told of the same places
// of the same objects.
bool still_hold(const std::vector<std::string>& reasons, const KernelAnswers& answers,
                const KernelReport& report) {
  return std::ranges::equal(reasons, answers.unanswerable(report),
                            [&](const std::string& reason, const UnanswerableRelocation& now) {
                              return reason.starts_with(describe_relocation(
                                  answers.objects(), now.object, now.relocation, now.reason));
                            });
}

// False where there is no report to be had of it, or its reasons would be others now.
bool take_over(KernelWork& work, PastResult result, KernelAnswers* answers) {
  if (answers != nullptr) {
    work.report = answers->of_minimized(result.minimized.bytes, result.minimized.id, result.notes,
                                        work.outcome.identity);
    if (!work.report || !still_hold(result.reasons, *answers, *work.report)) {
      work.report.reset();
      return false;
    }
  }
  work.outcome.reasons = std::move(result.reasons);
  work.outcome.machine = result.notes.machine;
  work.outcome.reused = true;
  work.outcome.btf_size = result.btf_size;
  work.earlier_file = std::move(result.file);
  set_result(work, std::move(result.minimized));
  return true;
}

// What a loader would do otherwise with the minimized BTF, in words.
std::vector<std::string> disprove(const BtfView& full, const MinimizedBtf& minimized,
                                  const ObjectSet& objects) {
  const Result<BtfView> view = load_kernel_btf(minimized.bytes);
  if (!view) {
    return {fmt::format("verify: the minimized BTF cannot be read: {}", view.error().message)};
  }
  std::vector<std::string> reasons;
  for (const VerifyDifference& found : verify(full, *view, objects).differences) {
    reasons.push_back("verify: " +
                      describe_relocation(objects, found.object, found.relocation, found.reason));
  }
  return reasons;
}

}  // namespace

Result<SharedView> open_btf(const KernelWork& work) {
  if (work.view != nullptr) {
    if (Result<void> checked = check_kernel_names(*work.view); !checked) {
      return std::unexpected(std::move(checked).error());
    }
    return work.view;
  }
  Result<BtfView> view = load_kernel_btf(work.btf.bytes());
  if (!view) {
    return std::unexpected(std::move(view).error());
  }
  return std::make_shared<const BtfView>(*std::move(view));
}

void drop_btf(KernelWork& work, BufferPool& buffers) {
  work.view.reset();
  buffers.give_back(std::exchange(work.btf, Buffer()));
}

bool has_failed(const KernelWork& work) {
  return !work.outcome.reasons.empty();
}

std::string describe_relocation(const ObjectSet& objects, std::uint32_t object,
                                std::uint32_t relocation, std::string_view reason) {
  const Object& asker = objects.objects()[object];
  const Relocation& place = asker.relocations[relocation];
  return fmt::format("{}: {}+{:#x}: {}", asker.name, place.section, place.instruction, reason);
}

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
                   BufferPool& buffers, KernelAnswers* answers) {
  if (has_failed(work)) {
    return;
  }
  Result<Source> source = Source::open(work.entry, limits.stop);
  if (!source) {
    make_failed(work, std::move(source).error());
    return;
  }
  work.outcome.source_hash = source->hash();
  std::optional<PastResult> result = past.find(source->hash());
  if (!result || !take_over(work, *std::move(result), answers)) {
    work.btf = buffers.take();
    if (Result<SharedView> unpacked = source->unpack(limits, work.btf); unpacked) {
      work.view = *std::move(unpacked);
      work.outcome.btf_size = work.btf.size();
    } else {
      drop_btf(work, buffers);
      make_failed(work, std::move(unpacked).error());
    }
  }
  work.entry.content = Buffer();
  work.entry.packed.reset();  // and with it, perhaps, what it is coded against
}

void minimize_kernel(KernelWork& work, const ObjectSet& objects, const PastResults& past,
                     BufferPool& buffers, Proof proof, KernelAnswers* answers) {
  if (has_failed(work) || work.minimized) {
    return;
  }
  std::vector<std::string> disproofs;
  KernelNotes notes;
  Result<MinimizedBtf> minimized = [&]() -> Result<MinimizedBtf> {
    const Result<SharedView> opened = open_btf(work);
    if (!opened) {
      return fail_within("not a valid BTF", opened.error());
    }
    const BtfView& kernel = **opened;
    Answers found;
    Result<MinimizedBtf> result = minimize(kernel, objects, answers != nullptr ? &found : nullptr);
    if (result && answers != nullptr) {
      work.report = answers->of_kernel(kernel, found, work.outcome.identity);
      notes = answers->notes(kernel, *work.report);
      work.outcome.machine = notes.machine;
    }
    if (result && proof == Proof::kYes) {
      disproofs = disprove(kernel, *result, objects);
    }
    return result;
  }();
  drop_btf(work, buffers);
  if (!minimized) {
    make_failed(work, std::move(minimized).error());
    return;
  }
  for (const UnanswerableRelocation& unanswerable : minimized->unanswerable) {
    work.outcome.reasons.push_back(describe_relocation(
        objects, unanswerable.object, unanswerable.relocation, unanswerable.reason));
  }
  std::ranges::move(disproofs, std::back_inserter(work.outcome.reasons));
  if (work.outcome.reasons.empty()) {
    past.keep(*work.outcome.source_hash, *minimized, notes, work.outcome.btf_size);
  }
  set_result(work, *std::move(minimized));
}

void keep_whole(KernelWork& work, BufferPool& buffers) {
  if (has_failed(work) || work.minimized) {
    return;
  }
  const std::span<const std::byte> btf = work.btf.bytes();
  MinimizedBtf whole;
  whole.bytes.assign(btf.begin(), btf.end());
  whole.id = content_id_of(btf);
  drop_btf(work, buffers);
  set_result(work, std::move(whole));
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
  if (answers_ != nullptr && work.report) {
    work.outcome.result = answers_->add(*work.report);
  }
  work.report.reset();
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
