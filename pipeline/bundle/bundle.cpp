#include "pipeline/bundle/bundle.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "core/find/btfs_writer.h"
#include "pipeline/bundle/btfs_compression.h"
#include "pipeline/bundle/embedding.h"
#include "pipeline/bundle/path_template.h"
#include "pipeline/bundle/read_back.h"
#include "pipeline/bundle/tar_writer.h"

namespace btfbatch {

// The contents, until somebody asks to stop.
class BlobReader {
 public:
  // Both are borrowed and must outlive the reader; `stop` may be nullptr.
  BlobReader(const BlobStore& blobs, StopSignal* stop) : blobs_(blobs), stop_(stop) {}

  [[nodiscard]] bool stopped() const { return stop_ != nullptr && stop_->stopped(); }
  [[nodiscard]] Result<std::string> read(std::size_t blob) const {
    return stopped() ? fail("stopped") : blobs_.read(blob);
  }

 private:
  const BlobStore& blobs_;
  StopSignal* stop_;
};

namespace {

TarCompression compression_of(BundleForm form) {
  switch (form) {
    case BundleForm::kTarGzip:
      return TarCompression::kGzip;
    case BundleForm::kTarXz:
      return TarCompression::kXz;
    case BundleForm::kTarZstd:
      return TarCompression::kZstd;
    case BundleForm::kBtfs:
      break;
  }
  return TarCompression::kNone;
}

std::string relative_link(const std::string& from, const std::string& to) {
  return std::filesystem::path(to)
      .lexically_relative(std::filesystem::path(from).parent_path())
      .string();
}

// The entries of tars, under the paths that `options` give them.
Result<std::vector<BundleEntry>> entries_of_tars(const BundleOptions& options,
                                                 std::span<const BundleEntry> entries) {
  const PathTemplates templates = PathTemplates::parse(options.paths).value();
  return templates.empty() ? std::vector(entries.begin(), entries.end())
                           : rename_entries(entries, templates);
}

// A tar.xz that holds one BTF under the name `member`, for readers that want each kernel packed.
Result<std::string> pack(const std::string& member, const std::string& btf) {
  std::string packed;
  TarWriter tar(TarCompression::kXz, [&](std::span<const std::byte> bytes) -> Result<void> {
    packed.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  });
  if (Result<void> added = tar.add_file(member, bytes_of(btf)); !added) {
    return std::unexpected(std::move(added).error());
  }
  if (Result<void> finished = tar.finish(); !finished) {
    return std::unexpected(std::move(finished).error());
  }
  return packed;
}

Result<void> write_tar(TarWriter& tar, std::span<const BundleEntry> entries, BundleDedup dedup,
                       const BlobReader& blobs) {
  // By blob and member: tars of one BTF under two names are different files.
  std::map<std::pair<std::size_t, std::string>, std::string> first_path;
  for (const BundleEntry& entry : entries) {
    const std::string member = packed_member(entry);
    const auto [first, is_first] = first_path.emplace(std::pair(entry.blob, member), entry.path);
    Result<void> added;
    if (is_first || dedup == BundleDedup::kNone) {
      Result<std::string> content = blobs.read(entry.blob);
      if (content && !member.empty()) {
        content = pack(member, *content);
      }
      added = content ? tar.add_file(entry.path, bytes_of(*content))
                      : std::unexpected(std::move(content).error());
    } else if (dedup == BundleDedup::kHardlink) {
      added = tar.add_hardlink(entry.path, first->second);
    } else {
      added = tar.add_symlink(entry.path, relative_link(entry.path, first->second));
    }
    if (!added) {
      return added;
    }
  }
  return tar.finish();
}

// What `tar cJ` makes of the tree of plain files, entries for its folders and all. Without what
// depends on the machine (see BundleSummary), so that the figure is the same everywhere.
Result<std::uint64_t> plain_tar_xz_size(std::span<const BundleEntry> entries,
                                        const BlobReader& blobs) {
  std::uint64_t size = 0;
  TarWriter tar(TarCompression::kXz, [&](std::span<const std::byte> bytes) -> Result<void> {
    size += bytes.size();
    return {};
  });
  std::set<std::string> folders;
  Result<void> added = tar.add_folder(".");
  for (const BundleEntry& entry : entries) {
    for (std::size_t slash = entry.path.find('/'); added && slash != std::string::npos;
         slash = entry.path.find('/', slash + 1)) {
      if (const auto [folder, is_new] = folders.insert(entry.path.substr(0, slash)); is_new) {
        added = tar.add_folder("./" + *folder);
      }
    }
    const Result<std::string> content = blobs.read(entry.blob);
    if (!content) {
      return std::unexpected(content.error());
    }
    if (added) {
      added = tar.add_file("./" + entry.path, bytes_of(*content));
    }
  }
  if (added) {
    added = tar.finish();
  }
  return added ? Result<std::uint64_t>(size) : std::unexpected(std::move(added).error());
}

// The stored .btfs of all entries that it can hold.
Result<std::vector<std::byte>> make_btfs(std::span<const BundleEntry> entries,
                                         const BlobReader& blobs, const ContentId& fingerprint) {
  const IndexableEntries indexable = indexable_entries(entries);
  for (const std::string& left_out : indexable.left_out) {
    spdlog::warn("not in the .btfs: {}", left_out);
  }
  std::map<std::size_t, std::string> contents;  // by blob
  std::vector<BtfsKernel> kernels;
  for (const BundleEntry& entry : indexable.entries) {
    auto content = contents.find(entry.blob);
    if (content == contents.end()) {
      Result<std::string> read = blobs.read(entry.blob);
      if (!read) {
        return std::unexpected(std::move(read).error());
      }
      content = contents.emplace(entry.blob, *std::move(read)).first;
    }
    kernels.push_back({.identity = entry.identity, .btf = bytes_of(content->second)});
  }
  return write_btfs(kernels, fingerprint);
}

}  // namespace

Result<void> StagedBundles::add(const std::filesystem::path& path, const Fill& fill) {
  Result<StagedFile> file = StagedFile::make(path);
  if (!file) {
    return std::unexpected(std::move(file).error());
  }
  Result<void> written = fill(*file);
  if (written) {
    written = file->sync();
  }
  if (written) {
    summaries_.push_back(
        {.path = path.string(), .size = file->size(), .plain_tar_xz_size = std::nullopt});
    files_.push_back(*std::move(file));
  }
  return written;
}

Result<void> StagedBundles::add_bundles(const BundleOptions& options,
                                        std::span<const BundleEntry> entries,
                                        const BlobReader& blobs, std::span<const std::byte> btfs) {
  const Result<std::vector<BundleEntry>> renamed = entries_of_tars(options, entries);
  if (!renamed) {
    return std::unexpected(renamed.error());
  }
  const Result<std::uint64_t> plain = plain_tar_xz_size(entries, blobs);
  if (!plain) {
    return std::unexpected(plain.error());
  }
  for (const std::filesystem::path& path : options.files) {
    Result<void> added = add(path, [&](StagedFile& file) -> Result<void> {
      if (const BundleForm form = bundle_form_of(path).value(); form != BundleForm::kBtfs) {
        TarWriter tar(compression_of(form),
                      [&](std::span<const std::byte> bytes) { return file.write(bytes); });
        return write_tar(tar, *renamed, options.dedup, blobs);
      }
      if (options.btfs_compression == BtfsCompression::kStored) {
        return file.write(btfs);
      }
      const Result<std::vector<std::byte>> compressed =
          compress_btfs(btfs, [&] { return blobs.stopped(); });
      return compressed ? file.write(*compressed) : std::unexpected(compressed.error());
    });
    if (!added) {
      return fail_within("--bundle", std::move(added).error());
    }
    summaries_.back().plain_tar_xz_size = *plain;
  }
  return {};
}

Result<void> StagedBundles::add_embedding(const BundleOptions& options,
                                          std::span<const std::byte> btfs) {
  const bool has_object = !options.object_file.empty();
  if (has_object) {
    const ElfMachine machine =
        options.object_machine ? *options.object_machine : own_elf_machine().value();
    const Result<std::vector<std::byte>> object = embedding_object(machine, btfs);
    Result<void> added =
        object ? add_embedding_file(options.object_file, *object) : std::unexpected(object.error());
    if (!added) {
      return fail_within("--emit-object", std::move(added).error());
    }
  }
  if (!options.header_file.empty()) {
    const std::string header = has_object ? embedding_header() : embedding_header_with_bytes(btfs);
    if (Result<void> added = add_embedding_file(options.header_file, bytes_of(header)); !added) {
      return fail_within("--emit-header", std::move(added).error());
    }
  }
  return {};
}

Result<void> StagedBundles::add_embedding_file(const std::filesystem::path& path,
                                               std::span<const std::byte> bytes) {
  embedding_ids_.push_back(content_id_of(bytes));
  return add(path, [&](StagedFile& file) { return file.write(bytes); });
}

Result<StagedBundles> StagedBundles::make(const BundleOptions& options,
                                          std::span<const BundleEntry> entries,
                                          const BlobStore& blobs, ContentId fingerprint,
                                          StopSignal* stop) {
  const BlobReader reader(blobs, stop);
  // The .btfs once, however many files are made of it.
  std::vector<std::byte> btfs;
  const bool needs_btfs = !options.object_file.empty() || !options.header_file.empty() ||
                          std::ranges::any_of(options.files, [](const std::filesystem::path& file) {
                            return bundle_form_of(file) == BundleForm::kBtfs;
                          });
  if (needs_btfs) {
    Result<std::vector<std::byte>> made = make_btfs(entries, reader, fingerprint);
    if (!made) {
      return fail_within(".btfs", std::move(made).error());
    }
    btfs = *std::move(made);
  }
  StagedBundles staged;
  Result<void> added;
  if (!options.files.empty()) {
    added = staged.add_bundles(options, entries, reader, btfs);
  }
  if (added) {
    added = staged.add_embedding(options, btfs);
  }
  if (!added) {
    return std::unexpected(std::move(added).error());
  }
  return staged;
}

Result<void> StagedBundles::read_back(const BundleOptions& options,
                                      std::span<const BundleEntry> entries, const BlobStore& blobs,
                                      StopSignal* stop) const {
  const Result<std::vector<BundleEntry>> renamed = entries_of_tars(options, entries);
  if (!renamed) {
    return std::unexpected(renamed.error());
  }
  for (std::size_t i = 0; i < files_.size(); ++i) {
    const std::filesystem::path& file = files_[i].temporary();
    Result<void> checked;
    if (i >= options.files.size()) {
      const Result<std::string> bytes = read_file(file, files_[i].size());
      checked = !bytes ? std::unexpected(bytes.error())
                : content_id_of(bytes_of(*bytes)) == embedding_ids_[i - options.files.size()]
                    ? Result<void>()
                    : fail("has other bytes than were written");
    } else if (bundle_form_of(options.files[i]) == BundleForm::kBtfs) {
      checked = check_btfs(file, entries, blobs);
    } else {
      checked = check_tar(file, *renamed, blobs, stop);
    }
    if (!checked) {
      return fail(
          fmt::format("--verify: {}, read back: {}", summaries_[i].path, checked.error().message));
    }
  }
  return {};
}

Result<void> StagedBundles::place() {
  for (StagedFile& file : files_) {
    if (Result<void> placed = file.place(); !placed) {
      return placed;
    }
  }
  return {};
}

}  // namespace btfbatch
