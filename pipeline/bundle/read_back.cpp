#include "pipeline/bundle/read_back.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/find/btfbatch_find.h"
#include "pipeline/bundle/btfs_compression.h"
#include "pipeline/expander.h"
#include "pipeline/file.h"
#include "pipeline/tar_reader.h"

namespace btfbatch {
namespace {

constexpr std::uint64_t kMostBytes = 16ULL << 30;  // of a bundle, expanded

std::string text_of(const Buffer& content) {
  const std::span<const std::byte> bytes = content.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The one file that a tar in memory holds, of this name.
Result<std::string> unpack(const std::string& tar, const std::string& name) {
  auto expander = Expander::open(bytes_of(tar), {.max_expanded = kMostBytes, .stop = nullptr});
  if (!expander) {
    return std::unexpected(std::move(expander).error());
  }
  TarReader reader(**expander);
  const Result<std::optional<TarMember>> member = reader.next();
  if (!member) {
    return std::unexpected(member.error());
  }
  if (!*member || (*member)->name != name) {
    return fail(fmt::format("has no member {}", name));
  }
  Buffer content;
  if (Result<void> read = reader.read(content, kMostBytes); !read) {
    return std::unexpected(std::move(read).error());
  }
  if (const Result<std::optional<TarMember>> end = reader.next(); !end || *end) {
    return end ? fail("has more than one member") : std::unexpected(end.error());
  }
  return text_of(content);
}

// Compares members with the contents, and remembers what links can lead to.
class TarCheck {
 public:
  TarCheck(TarReader& reader, const BlobStore& blobs) : reader_(reader), blobs_(blobs) {}

  [[nodiscard]] Result<void> check(const BundleEntry& entry) {
    Result<std::optional<TarMember>> member = reader_.next();
    if (!member) {
      return std::unexpected(std::move(member).error());
    }
    if (!*member || (*member)->name != entry.path) {
      return fail(fmt::format("is missing; {} stands there",
                              *member ? (*member)->name : std::string("the end")));
    }
    if ((*member)->type != TarMember::Type::kFile) {
      return leads_to(**member, entry) ? Result<void>()
                                       : fail(fmt::format("leads to '{}', which is something else",
                                                          (*member)->link_target));
    }
    Buffer content;
    if (Result<void> read = reader_.read(content, kMostBytes); !read) {
      return read;
    }
    const std::string inner = packed_member(entry);
    const Result<std::string> btf =
        inner.empty() ? text_of(content) : unpack(text_of(content), inner);
    const Result<std::string> expected = blobs_.read(entry.blob);
    if (!btf || !expected) {
      return std::unexpected(btf ? expected.error() : btf.error());
    }
    files_.emplace(entry.path, std::pair(entry.blob, inner));
    return *btf == *expected ? Result<void>() : fail("has other bytes than were written");
  }

 private:
  [[nodiscard]] bool leads_to(const TarMember& link, const BundleEntry& entry) const {
    const std::filesystem::path target =
        link.type == TarMember::Type::kSymlink
            ? std::filesystem::path(entry.path).parent_path() / link.link_target
            : std::filesystem::path(link.link_target);
    const auto file = files_.find(target.lexically_normal().string());
    return file != files_.end() && file->second == std::pair(entry.blob, packed_member(entry));
  }

  TarReader& reader_;
  const BlobStore& blobs_;
  std::map<std::string, std::pair<std::size_t, std::string>> files_;  // path → blob, inner name
};

}  // namespace

Result<void> check_tar(const std::filesystem::path& file, std::span<const BundleEntry> entries,
                       const BlobStore& blobs, StopSignal* stop) {
  Result<OpenFile> opened = open_regular_file(file);
  if (!opened) {
    return std::unexpected(std::move(opened).error());
  }
  auto expander = Expander::open(std::move(opened->fd), {.max_expanded = kMostBytes, .stop = stop});
  if (!expander) {
    return std::unexpected(std::move(expander).error());
  }
  TarReader reader(**expander);
  TarCheck check(reader, blobs);
  for (const BundleEntry& entry : entries) {
    if (Result<void> checked = check.check(entry); !checked) {
      return fail_within(entry.path, std::move(checked).error());
    }
  }
  const Result<std::optional<TarMember>> end = reader.next();
  if (!end) {
    return std::unexpected(end.error());
  }
  return *end ? fail(fmt::format("{} is one too many", (*end)->name)) : Result<void>();
}

Result<void> check_btfs(const std::filesystem::path& file, std::span<const BundleEntry> entries,
                        const BlobStore& blobs) {
  const Result<std::string> bytes = read_file(file, kMostBytes);
  const Result<std::vector<std::byte>> stored =
      bytes ? expand_btfs(bytes_of(*bytes), kMostBytes) : std::unexpected(bytes.error());
  if (!stored) {
    return std::unexpected(stored.error());
  }
  btfbatch_btfs btfs{};
  if (const auto status = btfbatch_open(&btfs, stored->data(), stored->size());
      status != BTFBATCH_OK) {
    return fail(btfbatch_status_text(status));
  }
  std::map<std::string, std::string_view> found;
  for (std::size_t i = 0; i < btfbatch_kernel_count(&btfs); ++i) {
    btfbatch_kernel kernel{};
    (void)btfbatch_kernel_at(&btfs, i, &kernel);
    found.emplace(fmt::format("{}/{}/{}/{}", kernel.distro, kernel.release, kernel.arch,
                              kernel.kernel_release),
                  std::string_view(static_cast<const char*>(kernel.data), kernel.size));
  }
  std::set<std::string> wanted;
  const IndexableEntries indexable = indexable_entries(entries);
  for (const auto& [path, who, blob] : indexable.entries) {
    const std::string key =
        fmt::format("{}/{}/{}/{}", who.distro, who.release, who.arch, who.kernel_release);
    const auto there = found.find(key);
    if (there == found.end()) {
      return fail(fmt::format("{} is missing", key));
    }
    const Result<std::string> expected = blobs.read(blob);
    if (!expected) {
      return std::unexpected(expected.error());
    }
    if (there->second != *expected) {
      return fail(fmt::format("{} has other bytes than were written", key));
    }
    wanted.insert(key);
  }
  return found.size() == wanted.size()
             ? Result<void>()
             : fail(fmt::format("has {} kernels, not {}", found.size(), wanted.size()));
}

}  // namespace btfbatch
