// btfbatch.json: what a run made of which kernel, for people, for other tools and for the next run.
//
// One JSON object. Fields may be added within a format version; a reader passes over those that it
// does not know. The same archive, objects and options give the same bytes, on any machine and with
// any number of threads: there are no times and no paths of the machine in it, but for the objects'
// names, which are as the user gave them.
//
//   format_version        1
//   tool                  {name: "btfbatch", version}
//   layout                "symlink", "hardlink", "copy" or "indexed"
//   output_version        version of the minimizer's output; with the next two and a kernel's
//                         source_hash, it says whether a later run may take a result over
//   fingerprint           of all that the objects ask of a kernel, 32 hex digits: the same after a
//                         rebuild that changes other things
//   max_btf_size          the largest BTF that was allowed, in bytes
//   objects               in the order given; each with
//     name                file name as given; "FILE#2" for the second object embedded in a file
//     found_in            the file that embeds it; absent where the file is the object itself
//     relocations         number of its CO-RE relocations
//     programs            number of its programs; 0 where libbpf cannot open it
//     has_btf_ext         false: maps alone, needs nothing of a kernel
//     warnings            texts; absent where there are none
//   relocations           of all objects together
//   distinct_relocations  how many different questions they come down to
//   kernels               by archive path; each with
//     archive_path        path within the archive
//     path                of its BTF in the output (layout "indexed": the path it would have; see
//                         index.json); absent where failed
//     distro, release, arch, kernel
//                         as the archive path tells them; empty where it does not
//     outcome             "minimized"; "degraded": written, though a relocation has no one answer
//     on
//                         this kernel; "failed": not written
//     reasons             texts, why it is degraded or failed; absent where it is neither
//     content_id          XXH3-128 of the minimized BTF, 32 hex digits; absent where failed
//     blob                name of its bytes among the blobs, where that is not the content_id: two
//                         contents have the same one
//     source_hash         XXH3-128 of the kernel's file in the archive, 32 hex digits; absent where
//                         failed
//     compressed_size     bytes in the archive
//     btf_size            bytes of the full BTF; 0 where it was not reached
//     minimized_size      bytes of the minimized BTF; absent where failed
//     types               types kept; absent where failed
//     result              what its relocations came to: a number of `answers.results`; absent where
//                         failed
//     pointer_size, big_endian
//                         of the machine, where they are not 8 bytes and false
//   aliases               other paths of the archive that lead to a kernel or a folder of kernels,
//                         by path; each {path, target, is_directory}, in archive paths
//   ignored               files of the archive that are no kernels, sorted
//   totals                {kernels, minimized, degraded, failed, unique, duplicate, filtered_out,
//                         btf_bytes, minimized_bytes}; bytes are summed over the written kernels
//   answers               on one line: what every relocation came to on every kernel, without the
//                         lines of sources; see pipeline/report/answers_json.h
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "pipeline/output_plan.h"
#include "pipeline/run.h"

namespace btfbatch {

struct Manifest {
  std::string tool_version;
  Layout layout = Layout::kSymlink;
  // What made the results what they are, besides the kernels. Zero where an older version of
  // btfbatch did not say.
  std::uint32_t output_version = 0;
  ContentId fingerprint{};
  std::uint64_t max_btf_size = 0;  // bytes
  RunSummary run;                  // without `wall`, `stopped_early` and what was reused
  // Name of the blob of each of run.kernels, without ".btf"; empty where failed.
  std::vector<std::string> blob_names;

  // The kernels that have a result. Their blobs are numbered from 0, by name.
  [[nodiscard]] std::vector<WrittenKernel> written_kernels() const;
};

// The text of btfbatch.json. Bytes that are not UTF-8, in the names of files that are no kernels,
// are replaced.
[[nodiscard]] std::string write_manifest(const Manifest& manifest);

// Reads what write_manifest wrote, by this version or another of the same format version. Fails
// where it is not that; paths in it are checked to lie within the output.
[[nodiscard]] Result<Manifest> read_manifest(std::string_view text);

}  // namespace btfbatch
