// Results of earlier runs, so that a nightly job costs what has changed.
//
// A kernel's result depends on the bytes of its file in the archive, on what the objects ask, and
// on the rules of the minimizer, and on nothing else. So it is known by the hash of the first, the
// fingerprint of the second and the version of the third, and may be taken over where all three are
// the same. That needs no decompression, which is nearly all of a run's work. Two things more are
// looked at:
//
// - The limit --max-btf-size decides whether a kernel fails. A kernel that got through under one
//   limit gets through, to the same bytes, under any larger one; so the earlier limit must not have
//   been above this run's.
// - The reasons of a degraded kernel name objects, sections and places of relocations, which a
//   rebuild can change though the fingerprint stays. They are taken over where they say what they
//   would say now; else the kernel is done anew. The cache, which many object sets may share, keeps
//   results without reasons only. Failed kernels are tried again each time: what stood in the way
//   may be gone.
//
// Nothing that was stored is believed: its bytes are hashed before they are used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/content_id.h"
#include "core/minimize/minimize.h"
#include "pipeline/manifest.h"
#include "pipeline/result_cache.h"

namespace btfbatch {

// Immutable while kernels are processed; may be shared between threads then.
class PastResults {
 public:
  // Knows no results yet.
  explicit PastResults(const ResultRules& rules) : rules_(rules) {}

  // Makes the results known that lie in an output folder, as its manifest says.
  void add_output(const std::filesystem::path& root, const Manifest& manifest);

  // Looks in a cache as well, unless `only_keep`, and keeps new results in it.
  void use_cache(ResultCache cache, bool only_keep);

  // The result for a source, checked; nothing where there is none that may be taken over.
  // Thread-safe.
  [[nodiscard]] std::optional<PastResult> find(const ContentId& source) const;

  // Hands a new result, one without reasons, on to later runs. Thread-safe.
  void keep(const ContentId& source, const MinimizedBtf& minimized, const KernelNotes& notes,
            std::uint64_t btf_size) const;

 private:
  // A result that an output folder should hold.
  struct Stored {
    std::filesystem::path file;
    ContentId id;
    std::uint64_t size = 0;  // bytes
    std::uint64_t btf_size = 0;
    std::uint32_t type_count = 0;
    std::shared_ptr<const KernelNotes> notes;
    std::vector<std::string> reasons;  // where degraded
  };
  [[nodiscard]] static std::optional<PastResult> read(const Stored& stored);

  ResultRules rules_;
  std::unordered_multimap<ContentId, Stored> stored_;  // by source
  std::optional<ResultCache> cache_;
  bool looks_in_cache_ = false;
};

}  // namespace btfbatch
