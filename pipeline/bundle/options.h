// What a run can make beside the tree, or instead of it, and what it tells of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/elf/relocatable.h"
#include "core/error.h"

namespace btfbatch {

// The forms of a bundle, which the file's ending tells.
enum class BundleForm : std::uint8_t {
  kTarGzip,  // .tar.gz, .tgz
  kTarXz,    // .tar.xz, .txz
  kTarZstd,  // .tar.zst
  kBtfs,     // .btfs: see core/find/btfbatch_find.h
};
[[nodiscard]] std::optional<BundleForm> bundle_form_of(const std::filesystem::path& file);

// How identical results share their bytes in a tar.
enum class BundleDedup : std::uint8_t {
  kNone,      // every entry whole: some readers know nothing else
  kHardlink,  // hard links to the first
  kSymlink,   // relative symbolic links to the first
};

enum class BtfsCompression : std::uint8_t { kZstd, kStored };

// What to make beside the tree, or instead of it.
struct BundleOptions {
  std::vector<std::filesystem::path> files;  // each of some BundleForm
  BundleDedup dedup = BundleDedup::kNone;    // of the tars
  BtfsCompression btfs_compression = BtfsCompression::kZstd;
  std::vector<std::string> paths;     // path templates, of the tars; see PathTemplates
  std::filesystem::path object_file;  // an ELF relocatable with a stored .btfs in it; or empty
  std::filesystem::path header_file;  // a C header for it, or with the bytes; or empty
  // The machine that `object_file` is for; nothing: the one that btfbatch runs on.
  std::optional<ElfMachine> object_machine;

  [[nodiscard]] bool wants_any() const {
    return !files.empty() || !object_file.empty() || !header_file.empty();
  }

  // Says what makes no sense: an unknown ending, a path template, a file that is named twice, that
  // would take the place of what the run reads, or lie inside of `archive` or `out`, and a folder
  // that is not there or cannot be written. `out` may be empty.
  [[nodiscard]] Result<void> check(const std::filesystem::path& archive,
                                   std::span<const std::filesystem::path> objects,
                                   const std::filesystem::path& out) const;
};

// A file that was made.
struct BundleSummary {
  std::string path;        // as it was asked for
  std::uint64_t size = 0;  // bytes
  // For comparison, what `tar cJ` makes of the whole tree of plain files, nothing shared and under
  // the archive's paths: within some per cent, of `tar --sort=name --mtime=@0 --owner=0 --group=0
  // --numeric-owner -cJ .`; without these options it is some per cent larger. Nothing where the
  // file is for linking.
  std::optional<std::uint64_t> plain_tar_xz_size;
};

}  // namespace btfbatch
