// What a run came to, for people and for programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "pipeline/run.h"

namespace btfbatch::cli {

struct Totals {
  std::size_t read = 0;     // kernels that the filters let through
  std::size_t written = 0;  // minimized or degraded
  std::size_t unique = 0;   // different contents among the written
  std::size_t duplicate = 0;
  std::size_t degraded = 0;
  std::size_t failed = 0;
  std::uint64_t archive_bytes = 0;  // as stored in the archive, of all that were read
  std::uint64_t btf_bytes = 0;      // full BTF of the written kernels
  std::uint64_t written_bytes = 0;  // minimized BTF as stored; links count nothing

  // How many times the written bytes go into the full BTF; 0 where nothing was written.
  [[nodiscard]] double times_smaller() const;
};

[[nodiscard]] Totals totals_of(const RunSummary& summary, Layout layout);

// The closing summary for standard output: aligned lines, each ended by a newline. Long lists are
// cut and point to the manifest.
[[nodiscard]] std::string summary_text(const RunSummary& summary, const RunOptions& options);

// The same where no BTF is written: what breaks, in full.
[[nodiscard]] std::string report_text(const RunSummary& summary, const RunOptions& options);

// The same as one object, for --log-format json:
//   objects: read, relocations, distinct_relocations, list of {name, found_in, relocations,
//            kernel_btf_programs (such as "on_open (fentry)"), warnings}
//   kernels: read, written, unique, duplicate, reused (taken over from earlier runs), degraded,
//            failed, left_out
//   answers: broken and ambiguous relocations, kernels that have one
//   bytes:   archive, btf, written, times_smaller
//   bundles: list of {path, size, plain_tar_xz_size (see BundleSummary; not of files to link)}
//   seconds, manifest (path; empty without an output folder)
[[nodiscard]] nlohmann::ordered_json summary_json(const RunSummary& summary,
                                                  const RunOptions& options);

}  // namespace btfbatch::cli
