#include "pipeline/find_place.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/content_id.h"
#include "core/find/btfs_writer.h"
#include "core/kernel_identity.h"
#include "pipeline/bundle/btfs_compression.h"
#include "pipeline/bundle/entries.h"
#include "pipeline/file.h"
#include "pipeline/index.h"
#include "pipeline/output_folder.h"
#include "pipeline/output_plan.h"
#include "pipeline/scan_tar.h"
#include "pipeline/unpack.h"

namespace btfbatch {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostBytes = 1ULL << 30;  // of a bundle, and of the BTF in it
constexpr std::uint64_t kLargestBtf = 256ULL << 20;

std::unexpected<Error> refuse(const fs::path& path, std::string_view reason) {
  return fail(fmt::format("{}: {}", path.string(), reason));
}

std::string key_of(std::string_view distro, std::string_view release, std::string_view arch,
                   std::string_view kernel_release) {
  return fmt::format("{}/{}/{}/{}", distro, release, arch, kernel_release);
}

// Kernels of a tree and other paths to them, as one .btfs file in memory.
struct Tree {
  std::vector<WrittenKernel> kernels;
  std::vector<std::string> contents;  // by blob number
  std::vector<Alias> aliases;

  void add(std::string path, std::string content) {
    kernels.push_back({.archive_path = path,
                       .output_path = path,
                       .blob = contents.size(),
                       .blob_name = std::to_string(contents.size())});
    contents.push_back(std::move(content));
  }
};

// Where a kernel of these names lies in a tree.
std::string own_path_of(std::string_view distro, std::string_view release, std::string_view arch,
                        std::string_view kernel_release) {
  std::string path;
  for (const std::string_view part : {distro, release, arch}) {
    path += part.empty() ? "" : fmt::format("{}/", part);
  }
  return fmt::format("{}{}.btf", path, kernel_release);
}

// What a key's own path leads to comes before what lies in a folder below it ("nobpf"), as it does
// in a folder. Of other paths nothing says which is right where they lead to different BTF.
void store_key(StoredPlace& stored, std::map<std::string, std::string>& contents, const Tree& tree,
               const std::string& key, const std::vector<BundleEntry>& entries) {
  const auto& [distro, release, arch, kernel_release] = entries.front().identity;
  const std::string own_path = own_path_of(distro, release, arch, kernel_release);
  const auto own = std::ranges::find(entries, own_path, &BundleEntry::path);
  const BundleEntry& chosen = own == entries.end() ? entries.front() : *own;
  const std::string& content = tree.contents.at(chosen.blob);
  const std::string own_folder = own_path.substr(0, own_path.rfind('/') + 1);
  const bool is_contested = std::ranges::any_of(entries, [&](const BundleEntry& entry) {
    const bool is_below = own != entries.end() && entry.path.starts_with(own_folder);
    return !is_below && tree.contents.at(entry.blob) != content;
  });
  stored.names.emplace(key, chosen.path);
  contents.emplace(key, is_contested ? "contested: " + key : content);
  if (is_contested) {
    std::vector<std::string>& paths = stored.contested[key];
    std::ranges::transform(entries, std::back_inserter(paths), &BundleEntry::path);
  }
}

// Entries whose names no host can have are passed over.
Result<StoredPlace> store(const Tree& tree) {
  std::map<std::string, std::vector<BundleEntry>> entries_of;
  for (BundleEntry& entry : bundle_entries(tree.kernels, tree.aliases)) {
    if (check_btfs_names(entry.identity)) {
      const KernelIdentity& who = entry.identity;
      entries_of[key_of(who.distro, who.release, who.arch, who.kernel_release)].push_back(
          std::move(entry));
    }
  }
  StoredPlace stored;
  std::map<std::string, std::string> contents;  // by key
  std::vector<BtfsKernel> kernels;
  for (const auto& [key, entries] : entries_of) {
    store_key(stored, contents, tree, key, entries);
    kernels.push_back({.identity = entries.front().identity, .btf = bytes_of(contents.at(key))});
  }
  Result<std::vector<std::byte>> btfs = write_btfs(kernels, ContentId{});
  if (!btfs) {
    return std::unexpected(std::move(btfs).error());
  }
  stored.btfs = *std::move(btfs);
  return stored;
}

Result<StoredPlace> read_indexed(const fs::path& index_file) {
  const Result<std::string> text = read_file(index_file, kLargestDocument);
  Result<Index> index = text ? read_index(*text) : std::unexpected(text.error());
  if (!index) {
    return fail(fmt::format("{}: {}", kIndexName, index.error().message));
  }
  Tree tree;
  for (IndexedKernel& kernel : index->kernels) {
    tree.add(std::move(kernel.path), std::move(kernel.blob));
  }
  tree.aliases = std::move(index->aliases);
  return store(tree);
}

Result<StoredPlace> read_btfs(const fs::path& file) {
  const Result<std::string> bytes = read_file(file, kMostBytes);
  Result<std::vector<std::byte>> btfs =
      bytes ? expand_btfs(bytes_of(*bytes), kMostBytes) : std::unexpected(bytes.error());
  if (!btfs) {
    return std::unexpected(std::move(btfs).error());
  }
  return StoredPlace{.btfs = *std::move(btfs), .names = {}, .contested = {}};
}

// What a tar holds. An entry that is no BTF is passed over, as it is in a folder.
Result<StoredPlace> read_tar(const fs::path& file) {
  const auto archive = open_tar_archive(file, {.filter = {}, .max_btf_size = kLargestBtf});
  if (!archive) {
    return fail(archive.error().message == "neither a folder nor a tar nor BTF"
                    ? "neither a folder nor a .btfs file nor a tar"
                    : archive.error().message);
  }
  Tree tree;
  std::uint64_t total = 0;
  Buffer btf;
  while (const std::optional<Entry> entry = (*archive)->next()) {
    if (entry->output_path.empty()) {
      return std::unexpected(*entry->failure);  // of the tar as a whole
    }
    if (entry->failure || !unpack_bytes(entry->content.bytes(), entry->archive_path,
                                        {.max_btf_size = kLargestBtf}, btf)) {
      continue;
    }
    total += btf.size();
    if (total > kMostBytes) {
      return fail("holds more than 1 GiB of BTF; unpack it, and search the folder");
    }
    const auto* const begin = reinterpret_cast<const char*>(btf.bytes().data());
    tree.add(entry->output_path, std::string(begin, btf.size()));
  }
  for (Alias& alias : (*archive)->findings().aliases) {
    if (!alias.is_directory) {
      alias.path = output_path_of(alias.path);
      alias.target = output_path_of(alias.target);
    }
    tree.aliases.push_back(std::move(alias));
  }
  return store(tree);
}

Result<bool> begins_as_btfs(const fs::path& file) {
  constexpr std::string_view kMagic(BTFBATCH_BTFS_MAGIC);
  const Result<OpenFile> opened = open_regular_file(file);
  if (!opened) {
    return std::unexpected(opened.error());
  }
  std::array<char, kMagic.size()> begin{};
  const ssize_t got = ::read(opened->fd.get(), begin.data(), begin.size());
  if (got < 0) {
    return fail(fmt::format("cannot be read: {}", errno_text(errno)));
  }
  return std::string_view(begin.data(), static_cast<std::size_t>(got)) == kMagic;
}

}  // namespace

Result<FindPlace> FindPlace::make(Form form, const fs::path& from, Result<StoredPlace> stored) {
  if (!stored) {
    return refuse(from, stored.error().message);
  }
  FindPlace place(form, from);
  place.stored_ = *std::move(stored);
  const std::vector<std::byte>& btfs = place.stored_.btfs;
  const btfbatch_status status = btfbatch_open(&place.btfs_, btfs.data(), btfs.size());
  if (status != BTFBATCH_OK) {
    return refuse(from, btfbatch_status_text(status));
  }
  return place;
}

Result<FindPlace> FindPlace::open(const fs::path& from) {
  std::error_code error;
  const fs::file_status status = fs::status(from, error);
  if (!fs::exists(status)) {
    const bool is_missing = status.type() == fs::file_type::not_found;
    return refuse(from, is_missing ? "does not exist" : error.message());
  }
  if (fs::is_directory(status)) {
    const fs::path index_file = from / kIndexName;
    return fs::exists(index_file, error) ? make(Form::kIndexed, from, read_indexed(index_file))
                                         : FindPlace(Form::kTree, from);
  }
  const Result<bool> is_btfs = begins_as_btfs(from);
  if (!is_btfs) {
    return refuse(from, is_btfs.error().message);
  }
  return *is_btfs ? make(Form::kBtfs, from, read_btfs(from))
                  : make(Form::kTar, from, read_tar(from));
}

btfbatch_status FindPlace::find(const btfbatch_host& host, const btfbatch_options& options,
                                btfbatch_result& found) const {
  if (form_ == Form::kTree) {
    return btfbatch_find_in_directory(from_.c_str(), &host, &options, &found);
  }
  const btfbatch_status status = btfbatch_find(&btfs_, &host, &options, &found);
  const auto contested = status == BTFBATCH_OK
                             ? stored_.contested.find(key_of(found.distro, found.release,
                                                             found.arch, found.kernel_release))
                             : stored_.contested.end();
  if (contested == stored_.contested.end()) {
    return status;
  }
  for (const std::string& path : contested->second) {
    if (found.choice_count < BTFBATCH_MAX_CHOICES) {
      path.copy(found.choices[found.choice_count], BTFBATCH_CHOICE_SIZE - 1);
    }
    ++found.choice_count;
  }
  return BTFBATCH_AMBIGUOUS;
}

std::string FindPlace::name_of(const btfbatch_result& found) const {
  const std::string_view data(static_cast<const char*>(found.data), found.size);
  switch (form_) {
    case Form::kTree:
      return found.path;
    case Form::kIndexed:
      return (from_ / data).string();
    case Form::kTar:
      return stored_.names.at(
          key_of(found.distro, found.release, found.arch, found.kernel_release));
    case Form::kBtfs:
      break;
  }
  return own_path_of(found.distro, found.release, found.arch, found.kernel_release);
}

Result<std::string> FindPlace::read(const btfbatch_result& found) const {
  if (!has_files()) {
    return std::string(static_cast<const char*>(found.data), found.size);
  }
  const std::string file = name_of(found);
  Result<std::string> btf = read_file(file, kLargestBtf);
  if (!btf) {
    return refuse(file, btf.error().message);
  }
  return btf;
}

}  // namespace btfbatch
