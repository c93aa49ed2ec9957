// The options of `btfbatch pack` and `btfbatch unpack`.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <span>
#include <string>

#include "cli/answer.h"
#include "cli/options.h"

namespace btfbatch::cli {

// What `btfbatch pack` is to do.
enum class PackAction : std::uint8_t { kMake, kList, kStats, kCheck };

struct PackSettings {
  // Of `run`, kMake needs the archive, the filter and the limits, kCheck the number of jobs.
  Settings common{};
  PackAction action = PackAction::kMake;
  std::filesystem::path pack{};  // to be made, or looked into
  std::filesystem::path base{};
  bool json = false;  // kList, kStats, kCheck
};

// Reads the options (without the command). Does not look at any file.
[[nodiscard]] std::expected<PackSettings, Answer> parse_pack_options(
    std::span<const std::string> arguments);

// The same for `btfbatch unpack`; the result's `run` is that of a run which keeps BTF whole.
[[nodiscard]] std::expected<Settings, Answer> parse_unpack_options(
    std::span<const std::string> arguments);

}  // namespace btfbatch::cli
