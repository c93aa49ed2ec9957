#include "pipeline/result_cache.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <system_error>

#include "pipeline/file.h"

namespace btfbatch {
namespace {

constexpr std::string_view kMagic = "btfbatch result2";
// Far above any minimized BTF: what is larger is not ours, and is not read.
constexpr std::uint64_t kLargestFile = 256U << 20;

struct Header {
  std::array<char, 16> magic{};
  ContentId checksum;  // of the rest of the header and of the bytes behind it
  ContentId source;
  ContentId fingerprint;
  std::uint64_t output_version = 0;
  std::uint64_t max_btf_size = 0;
  std::uint64_t btf_size = 0;
  std::uint64_t type_count = 0;
  std::uint64_t minimized_size = 0;
};
static_assert(sizeof(Header) == 104, "no padding, as the file has none");
constexpr std::size_t kChecked = offsetof(Header, source);

ContentId checksum_of(std::span<const std::byte> file) {
  return content_id_of(file.subspan(kChecked));
}

}  // namespace

Result<ResultCache> ResultCache::open(std::filesystem::path folder,
                                      const std::filesystem::path& archive,
                                      const ResultRules& rules) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::weakly_canonical(folder, error);
  if (!error && is_within(real, std::filesystem::weakly_canonical(archive, error)) && !error) {
    return fail(fmt::format("{} lies inside of the archive {}", folder.string(), archive.string()));
  }
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(fmt::format("{}: cannot be created: {}", folder.string(), error.message()));
  }
  return ResultCache(std::move(folder), rules);
}

std::filesystem::path ResultCache::file_of(const ContentId& source) const {
  return folder_ / fmt::format("{}-{}-{}.btfresult", source.hex(), rules_.fingerprint.hex(),
                               rules_.output_version);
}

std::optional<PastResult> ResultCache::find(const ContentId& source) const {
  const std::filesystem::path path = file_of(source);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return std::nullopt;
  }
  const auto pass_over = [&](std::string_view reason) {
    spdlog::debug("{}: passed over: {}", path.string(), reason);
    return std::nullopt;
  };
  const Result<std::string> content = read_file(path, kLargestFile);
  if (!content) {
    return pass_over(content.error().message);
  }
  const std::span<const std::byte> file = bytes_of(*content);
  Header header;
  if (file.size() < sizeof header) {
    return pass_over("it is cut off");
  }
  std::memcpy(&header, file.data(), sizeof header);
  if (std::string_view(header.magic.data(), header.magic.size()) != kMagic ||
      header.checksum != checksum_of(file)) {
    return pass_over("it is damaged, or somebody else's");
  }
  if (header.source != source || header.fingerprint != rules_.fingerprint ||
      header.output_version != rules_.output_version) {
    return pass_over("it is another result than its name says");
  }
  if (header.max_btf_size > rules_.max_btf_size) {
    return pass_over("it was made under a larger --max-btf-size");
  }
  if (header.minimized_size > file.size() - sizeof header) {
    return pass_over("it is shorter than it says");
  }
  const std::span<const std::byte> bytes = file.subspan(sizeof header, header.minimized_size);
  const std::size_t end = sizeof header + bytes.size();
  const Result<KernelNotes> notes = read_notes(std::string_view(*content).substr(end));
  if (!notes) {
    return pass_over(notes.error().message);
  }
  (void)mark_used(source);
  PastResult result;
  result.notes = *notes;
  result.minimized.bytes.assign(bytes.begin(), bytes.end());
  result.minimized.id = content_id_of(bytes);
  result.minimized.type_count = static_cast<std::uint32_t>(header.type_count);
  result.btf_size = header.btf_size;
  return result;
}

void ResultCache::keep(const ContentId& source, const MinimizedBtf& minimized,
                       const KernelNotes& notes, std::uint64_t btf_size) const {
  Header header{.magic = {},
                .checksum = {},
                .source = source,
                .fingerprint = rules_.fingerprint,
                .output_version = rules_.output_version,
                .max_btf_size = rules_.max_btf_size,
                .btf_size = btf_size,
                .type_count = minimized.type_count,
                .minimized_size = minimized.bytes.size()};
  kMagic.copy(header.magic.data(), header.magic.size());
  std::vector<std::byte> file(sizeof header);
  std::memcpy(file.data(), &header, sizeof header);
  file.insert(file.end(), minimized.bytes.begin(), minimized.bytes.end());
  const std::string noted = write_notes(notes);
  const std::span<const std::byte> noted_bytes = bytes_of(noted);
  file.insert(file.end(), noted_bytes.begin(), noted_bytes.end());
  header.checksum = checksum_of(file);
  std::memcpy(file.data(), &header, sizeof header);

  // Process ids are no help against a second writer: on the machines that share the folder, or in
  // their containers, they are the same.
  std::random_device random;
  const std::filesystem::path path = file_of(source);
  const std::filesystem::path fresh =
      path.string() + fmt::format(".{:08x}{:08x}", random(), random());
  Result<void> written = write_new_file(fresh, file, Sync::kNo);
  std::error_code error;
  if (written) {
    std::filesystem::rename(fresh, path, error);
  }
  if (!written || error) {
    spdlog::debug("{}: cannot be kept: {}", path.string(),
                  written ? error.message() : written.error().message);
    std::filesystem::remove(fresh, error);
  }
}

bool ResultCache::mark_used(const ContentId& source) const {
  // Fails, for one, where the file belongs to another user.
  return utimensat(AT_FDCWD, file_of(source).c_str(), nullptr, AT_SYMLINK_NOFOLLOW) == 0 ||
         errno != ENOENT;
}

}  // namespace btfbatch
