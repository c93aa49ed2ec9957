// The report of a run: what will break where. As JSON for programs, and as the data of the page.
//
// One JSON object on one line. Fields may be added within a format version; a reader passes over
// those that it does not know. The same archive, objects and filters give the same bytes.
//
//   format_version  1
//   tool            {name: "btfbatch", version}
//   objects, results
//                   what every relocation came to: see pipeline/report/answers_json.h. Beside what
//                   stands there, an object has
//     found_in      the file that embeds it; absent where the file is the object itself
//     warnings      texts; absent where there are none
//   kernels         by distro, release, arch and version, in the order of people; each with
//     path          in the archive
//     distro, release, arch, kernel
//                   as the path tells them; empty where it does not
//     outcome       "minimized", "degraded" or "failed", as in btfbatch.json
//     reasons       texts, why it is degraded or failed; absent where it is neither
//     compressed_size, btf_size, minimized_size
//                   bytes in the archive, of the full BTF, of the minimized BTF
//     result        number of its result; absent where failed, as the next
//     content       number of its minimized BTF, from 0: kernels with the same one share its bytes
//   broken          the relocations that are broken or ambiguous somewhere, by object; each with
//     object, relocation
//                   numbers of an object, and of one of its relocations
//     state         "broken" or "ambiguous"
//     programs      numbers of the object's programs that have it; null: in none
//     kernels       on how many
//     missing       where, by distro, arch and version; each with
//       distro, arch
//       from, to    kernel releases, both included
//       kernels     how many these are
//       all         whether they are all that the archive has of this distro and arch
//       reason      text
//       instead     text: what the kernel has that is near by name or place; absent where nothing
//   totals          {kernels, minimized, degraded, failed, broken_kernels, broken_relocations,
//                   unique, archive_bytes, btf_bytes, minimized_bytes, unique_bytes}; the last
//                   three over the written kernels: their full BTF, minimized, each content once
#pragma once

#include <string>

#include "pipeline/run.h"

namespace btfbatch {

// The version of the report.
inline constexpr unsigned kReportVersion = 1;

// The text, with a newline at its end. Bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string write_report_json(const RunSummary& run);

}  // namespace btfbatch
