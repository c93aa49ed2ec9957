// What two manifests differ in, for people, for programs and for a comment on a pull request.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "pipeline/diff.h"

namespace btfbatch::cli {

// Each ends with a newline. Long lists are cut in the text and in Markdown.
[[nodiscard]] std::string diff_text(const ManifestDiff& diff);
[[nodiscard]] std::string diff_markdown(const ManifestDiff& diff);

// One object, format_version 1; nothing in it is cut. Kernels are archive paths:
//   kernels   {added, gone, failed, no_longer_failed: lists of kernels; unchanged: number}
//   objects   {added, gone: lists of names}
//   changed   list of {kernels, answers: list of {object, programs, path, kind, before, after}};
//             before is null where the relocation was not asked, after where it is not asked any
//             more
//   newly_broken, mended
//             lists of {object, programs, path, kind, file, line, reason, instead, kernels}; what
//             is not known is absent
//   has_answers
//             false: one of the manifests says nothing of relocations, as older versions wrote them
[[nodiscard]] nlohmann::ordered_json diff_json(const ManifestDiff& diff);

}  // namespace btfbatch::cli
