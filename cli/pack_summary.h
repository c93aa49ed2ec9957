// What `btfbatch pack` says: after making a pack, and of one that is there.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "pipeline/pack/examine.h"
#include "pipeline/pack/format.h"
#include "pipeline/pack/make_pack.h"

namespace btfbatch::cli {

// The page after a pack was made, and the same for --log-format json.
[[nodiscard]] std::string pack_summary_text(const PackSummary& summary, const PackOptions& options);
[[nodiscard]] nlohmann::ordered_json pack_summary_json(const PackSummary& summary,
                                                       const PackOptions& options);

// --list: a line for each kernel, failure, alias and ignored file.
[[nodiscard]] std::string pack_list_text(const PackIndex& index);
// {format_version, kernels: [{archive_path, distro, release, arch, kernel, btf_size,
// compressed_size, packed_size, content_id, source_hash, base?}], failures: [{archive_path, reason,
// compressed_size}], aliases: [{path, target, is_directory}], ignored: [path]}. Kernels with the
// same BTF share what is stored of it: packed_size is that of each. `base` is the content_id of
// what it is coded against.
[[nodiscard]] nlohmann::ordered_json pack_list_json(const PackIndex& index);

// --stats: a row for each series, and one for all.
[[nodiscard]] std::string pack_stats_text(const PackIndex& index);
// {format_version, series: [{name, kernels, unique, depth, btf_bytes, archive_bytes,
// packed_bytes}], total: {the same without name and depth}}.
[[nodiscard]] nlohmann::ordered_json pack_stats_json(const PackIndex& index);

// --check. The JSON is {format_version, whole, kernels, damaged: [{archive_path, reason}],
// problems: [text]}.
[[nodiscard]] std::string pack_check_text(const PackCheck& check);
[[nodiscard]] nlohmann::ordered_json pack_check_json(const PackCheck& check);

}  // namespace btfbatch::cli
