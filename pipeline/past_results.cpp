#include "pipeline/past_results.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <map>
#include <tuple>
#include <utility>

#include "pipeline/file.h"
#include "pipeline/output_plan.h"

namespace btfbatch {
namespace {

// Where the bytes of each written kernel lie, in the order of the manifest: at its own path, or at
// the path that its link leads to.
class HoldingFiles {
 public:
  explicit HoldingFiles(const Manifest& manifest)
      : layout_(manifest.layout),
        plan_(plan_output(manifest.layout, manifest.written_kernels(), manifest.run.aliases)) {
    for (const auto& [path, planned] : plan_) {
      if (planned.blob && planned.link.empty()) {
        first_holder_.emplace(*planned.blob, path);
      }
    }
  }

  // Empty where there is none.
  [[nodiscard]] std::string of(const std::string& output_path, const std::string& blob_name) const {
    if (layout_ == Layout::kIndexed) {
      return fmt::format("blobs/{}.btf", blob_name);
    }
    const auto planned = plan_.find(output_path);
    if (planned == plan_.end() || !planned->second.blob) {
      return {};
    }
    return planned->second.link.empty() ? output_path : first_holder_.at(*planned->second.blob);
  }

 private:
  Layout layout_;
  OutputPlan plan_;
  std::map<std::size_t, std::string> first_holder_;  // by blob
};

// What is known of kernels beside their minimized BTF, once for all that share a result.
class NotesOfResults {
 public:
  explicit NotesOfResults(const AnswerTable& answers) : answers_(answers) {}

  std::shared_ptr<const KernelNotes> of(const KernelOutcome& kernel) {
    auto& notes = notes_[{kernel.result, kernel.machine.pointer_size, kernel.machine.big_endian}];
    if (!notes) {
      KernelReport report;  // empty where the manifest's version kept none
      for (std::size_t object = 0; object < answers_.objects.size(); ++object) {
        report.push_back(answers_.shared_report(kernel.result, object));
      }
      notes = std::make_shared<const KernelNotes>(KernelNotes{
          .machine = kernel.machine, .troubles = troubles_of(answers_.objects, report)});
    }
    return notes;
  }

 private:
  const AnswerTable& answers_;
  std::map<std::tuple<std::size_t, std::uint32_t, bool>, std::shared_ptr<const KernelNotes>> notes_;
};

}  // namespace

void PastResults::add_output(const std::filesystem::path& root, const Manifest& manifest) {
  if (manifest.output_version != rules_.output_version ||
      manifest.fingerprint != rules_.fingerprint || manifest.max_btf_size > rules_.max_btf_size) {
    return;
  }
  const HoldingFiles files(manifest);
  NotesOfResults notes(manifest.run.answers);
  for (std::size_t i = 0; i < manifest.run.kernels.size(); ++i) {
    const KernelOutcome& kernel = manifest.run.kernels[i];
    if (kernel.outcome == Outcome::kFailed || !kernel.source_hash ||
        (kernel.result == AnswerTable::kNoResult && !manifest.run.answers.objects.empty())) {
      continue;
    }
    if (const std::string file = files.of(kernel.output_path, manifest.blob_names[i]);
        !file.empty()) {
      stored_.emplace(*kernel.source_hash, Stored{.file = root / file,
                                                  .id = kernel.content_id,
                                                  .size = kernel.minimized_size,
                                                  .btf_size = kernel.btf_size,
                                                  .type_count = kernel.type_count,
                                                  .notes = notes.of(kernel),
                                                  .reasons = kernel.reasons});
    }
  }
}

void PastResults::use_cache(ResultCache cache, bool only_keep) {
  cache_ = std::move(cache);
  looks_in_cache_ = !only_keep;
}

std::optional<PastResult> PastResults::find(const ContentId& source) const {
  const auto [first, last] = stored_.equal_range(source);
  for (auto stored = first; stored != last; ++stored) {
    if (std::optional<PastResult> result = read(stored->second)) {
      if (cache_ && result->reasons.empty() && !cache_->mark_used(source)) {
        cache_->keep(source, result->minimized, result->notes, result->btf_size);
      }
      return result;
    }
  }
  return looks_in_cache_ ? cache_->find(source) : std::nullopt;
}

void PastResults::keep(const ContentId& source, const MinimizedBtf& minimized,
                       const KernelNotes& notes, std::uint64_t btf_size) const {
  if (cache_) {
    cache_->keep(source, minimized, notes, btf_size);
  }
}

std::optional<PastResult> PastResults::read(const Stored& stored) {
  std::error_code error;
  // A link is not what an earlier run left there, whatever it leads to.
  if (std::filesystem::symlink_status(stored.file, error).type() !=
      std::filesystem::file_type::regular) {
    spdlog::debug("{}: is not the file that the manifest names", stored.file.string());
    return std::nullopt;
  }
  const Result<std::string> content = read_file(stored.file, stored.size);
  if (!content) {
    spdlog::debug("{}: {}", stored.file.string(), content.error().message);
    return std::nullopt;
  }
  const std::span<const std::byte> bytes = bytes_of(*content);
  if (bytes.size() != stored.size || content_id_of(bytes) != stored.id) {
    spdlog::debug("{}: is not what the manifest says", stored.file.string());
    return std::nullopt;
  }
  PastResult result;
  result.minimized.bytes.assign(bytes.begin(), bytes.end());
  result.minimized.id = stored.id;
  result.minimized.type_count = stored.type_count;
  result.notes = *stored.notes;
  result.reasons = stored.reasons;
  result.btf_size = stored.btf_size;
  result.file = stored.file;
  return result;
}

}  // namespace btfbatch
