#include "pipeline/admission.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <ranges>

#include "core/btf/load.h"
#include "pipeline/file.h"
#include "pipeline/output_folder.h"
#include "pipeline/output_plan.h"

namespace btfbatch {
namespace {

bool remove_any_end(std::string_view& name, std::initializer_list<std::string_view> ends) {
  for (const std::string_view end : ends) {
    if (name.ends_with(end)) {
      name.remove_suffix(end.size());
      return true;
    }
  }
  return false;
}

// Whether `text` is UTF-8 as RFC 3629 has it; the manifest, being JSON, can hold nothing else.
bool is_utf8(std::string_view text) {
  const auto byte_at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = byte_at(i);
    const std::size_t length = lead < 0x80    ? 1
                               : lead < 0xc2  ? 0
                               : lead < 0xe0  ? 2
                               : lead < 0xf0  ? 3
                               : lead <= 0xf4 ? 4
                                              : 0;
    if (length == 0 || length > text.size() - i) {
      return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte_at(i + k) & 0xc0) != 0x80) {
        return false;
      }
    }
    // Overlong forms, surrogates, and what lies above U+10FFFF.
    const std::uint8_t second = length > 1 ? byte_at(i + 1) : 0;
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f)) {
      return false;
    }
    i += length;
  }
  return true;
}

}  // namespace

NameSays judge_name(std::string_view name) {
  if (remove_any_end(name, {".failed", ".hasbtf"})) {
    return NameSays::kNotKernel;
  }
  if (name.starts_with("vmlinux") || remove_any_end(name, {".tgz", ".txz"})) {
    return NameSays::kKernel;
  }
  remove_any_end(name, {".xz", ".zst", ".gz", ".bz2", ".lzma", ".lz4"});
  return remove_any_end(name, {".tar", ".btf"}) ? NameSays::kKernel : NameSays::kNothing;
}

Result<bool> begins_like_btf(const std::filesystem::path& file) {
  const Result<OpenFile> opened = open_regular_file(file);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  std::array<std::byte, 4> magic{};
  return read(opened->fd.get(), magic.data(), magic.size()) == std::ssize(magic) &&
         looks_like_kernel_btf(magic);
}

bool has_hidden_part(std::string_view path) {
  return std::ranges::any_of(std::views::split(path, '/'), [](auto part_range) {
    const std::string_view part(part_range);
    return part.starts_with('.') && part != "." && part != "..";
  });
}

std::optional<Error> check_output_path(std::string_view path) {
  constexpr std::size_t kLongestName = 255;   // NAME_MAX of all usual file systems
  constexpr std::size_t kLongestPath = 3000;  // leaves room in PATH_MAX for the output folder
  if (path.empty()) {
    return Error{"its path is empty"};
  }
  if (path.starts_with('/')) {
    return Error{"its path is absolute"};
  }
  if (path.size() > kLongestPath) {
    return Error{"its path is too long"};
  }
  for (const auto part_range : std::views::split(path, '/')) {
    const std::string_view part(part_range);
    if (part == "..") {
      return Error{"its path leads upwards with '..'"};
    }
    if (part.empty() || part == ".") {
      return Error{"its path has an empty part"};
    }
    if (part.size() > kLongestName) {
      return Error{"its name is too long"};
    }
  }
  if (path.contains('\0')) {
    return Error{"its path has a NUL byte"};
  }
  if (!is_utf8(path)) {
    return Error{"its path is not UTF-8"};
  }
  const std::string_view top = path.substr(0, path.find('/'));
  const bool is_below = top.size() < path.size();
  if (top == kStagingName || (is_below && (top == kManifestName || top == kIndexName))) {
    return Error{"its path is that of a file of btfbatch's own"};
  }
  return std::nullopt;
}

std::optional<Entry> Admission::admit(std::string archive_path, std::optional<Error> failure) {
  Entry entry;
  entry.archive_path = std::move(archive_path);
  entry.identity = identify_kernel(entry.archive_path);
  if (!filter_.passes(entry.archive_path, entry.identity)) {
    ++filtered_out_;
    return std::nullopt;
  }
  entry.output_path = output_path_of(entry.archive_path);
  entry.failure = failure || clashes_ == Clashes::kIgnore ? std::move(failure) : claim(entry);
  return entry;
}

std::optional<Error> Admission::claim(const Entry& entry) {
  if (std::optional<Error> unfit = check_output_path(entry.output_path)) {
    return unfit;
  }
  const auto taken = [&](const std::string& by) {
    return Error{fmt::format("its output would take the place of that of {}", by)};
  };
  if (const auto same = claimed_.find(entry.output_path); same != claimed_.end()) {
    return taken(same->second);
  }
  if (const auto folder = folders_.find(entry.output_path); folder != folders_.end()) {
    return taken(folder->second);
  }
  const std::string_view path = entry.output_path;
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    if (const auto file = claimed_.find(path.substr(0, slash)); file != claimed_.end()) {
      return taken(file->second);
    }
  }
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/', slash + 1)) {
    folders_.emplace(path.substr(0, slash), entry.archive_path);
  }
  claimed_.emplace(entry.output_path, entry.archive_path);
  return std::nullopt;
}

}  // namespace btfbatch
