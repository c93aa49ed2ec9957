// What a verification came to, for people and for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "pipeline/verify_output.h"

namespace btfbatch::cli {

// "proved", "unreadable", "missing", "damaged", "differs", "stale".
[[nodiscard]] std::string_view verdict_name(Verdict verdict);

// The closing summary for standard output: aligned lines, each ended by a newline; the last one
// says whether all is proved. Long lists are cut.
[[nodiscard]] std::string verify_summary_text(const VerifySummary& summary);

// The same as one object, whole, for --log-format json:
//   objects:  as in the summary of a run
//   kernels:  read, proved, unreadable, missing, damaged, differs, stale, left_out, list of
//             {archive_path, path, verdict, reasons} of those that are not proved
//   problems: list of {kind, reason} about the output as a whole; kind is one of "manifest",
//             "objects", "version", "missing", "extra", "damaged"
//   relocations_replayed, seconds, proved (boolean)
[[nodiscard]] nlohmann::ordered_json verify_summary_json(const VerifySummary& summary);

}  // namespace btfbatch::cli
