#include "pipeline/bundle/tar_writer.h"

#include <archive_entry.h>

#include <new>
#include <utility>

namespace btfbatch {
namespace {

struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using EntryHandle = std::unique_ptr<archive_entry, FreeEntry>;

EntryHandle new_entry(const std::string& name, unsigned type, unsigned mode) {
  EntryHandle entry(archive_entry_new());
  if (!entry) {
    throw std::bad_alloc();
  }
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_filetype(entry.get(), type);
  archive_entry_set_perm(entry.get(), static_cast<__LA_MODE_T>(mode));
  archive_entry_set_uid(entry.get(), 0);
  archive_entry_set_gid(entry.get(), 0);
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_size(entry.get(), 0);
  return entry;
}

constexpr unsigned kFileMode = 0644;
constexpr unsigned kLinkMode = 0777;
constexpr unsigned kFolderMode = 0755;

}  // namespace

TarWriter::TarWriter(TarCompression compression, Sink sink)
    : compression_(compression), sink_(std::move(sink)) {}

la_ssize_t TarWriter::write_more(archive* a, void* self, const void* bytes, std::size_t size) {
  auto& me = *static_cast<TarWriter*>(self);
  Result<void> written = me.sink_({static_cast<const std::byte*>(bytes), size});
  if (!written) {
    me.sink_failure_ = std::move(written).error();
    archive_set_error(a, -1, "cannot be written");
    return -1;
  }
  return static_cast<la_ssize_t>(size);
}

Result<void> TarWriter::open() {
  archive_.reset(archive_write_new());
  if (archive_ == nullptr) {
    throw std::bad_alloc();
  }
  archive* const a = archive_.get();
  bool ready = archive_write_set_format_gnutar(a) == ARCHIVE_OK;
  switch (compression_) {
    case TarCompression::kNone:
      break;
    case TarCompression::kGzip:
      ready =
          ready && archive_write_add_filter_gzip(a) == ARCHIVE_OK &&
          archive_write_set_options(a, "gzip:compression-level=9,gzip:!timestamp") == ARCHIVE_OK;
      break;
    case TarCompression::kXz:
      ready = ready && archive_write_add_filter_xz(a) == ARCHIVE_OK &&
              archive_write_set_options(a, "xz:compression-level=6") == ARCHIVE_OK;
      break;
    case TarCompression::kZstd:
      ready = ready && archive_write_add_filter_zstd(a) == ARCHIVE_OK &&
              archive_write_set_options(a, "zstd:compression-level=19") == ARCHIVE_OK;
      break;
  }
  // No padding behind the compressed bytes.
  archive_write_set_bytes_in_last_block(a, 1);
  if (!ready || archive_write_open(a, this, nullptr, write_more, nullptr) != ARCHIVE_OK) {
    return std::unexpected(failure());
  }
  return {};
}

Error TarWriter::failure() {
  if (sink_failure_) {
    return *std::exchange(sink_failure_, std::nullopt);
  }
  const char* reason = archive_error_string(archive_.get());
  return Error{std::string("tar: ") + (reason != nullptr ? reason : "unknown reason")};
}

Result<void> TarWriter::add(archive_entry* entry, std::span<const std::byte> bytes) {
  if (archive_ == nullptr) {
    if (Result<void> opened = open(); !opened) {
      return opened;
    }
  }
  if (archive_write_header(archive_.get(), entry) != ARCHIVE_OK) {
    return std::unexpected(failure());
  }
  if (!bytes.empty() && archive_write_data(archive_.get(), bytes.data(), bytes.size()) !=
                            static_cast<la_ssize_t>(bytes.size())) {
    return std::unexpected(failure());
  }
  return {};
}

Result<void> TarWriter::add_file(const std::string& name, std::span<const std::byte> bytes) {
  const EntryHandle entry = new_entry(name, AE_IFREG, kFileMode);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
  return add(entry.get(), bytes);
}

Result<void> TarWriter::add_hardlink(const std::string& name, const std::string& target) {
  const EntryHandle entry = new_entry(name, AE_IFREG, kFileMode);
  archive_entry_set_hardlink(entry.get(), target.c_str());
  return add(entry.get(), {});
}

Result<void> TarWriter::add_symlink(const std::string& name, const std::string& target) {
  const EntryHandle entry = new_entry(name, AE_IFLNK, kLinkMode);
  archive_entry_set_symlink(entry.get(), target.c_str());
  return add(entry.get(), {});
}

Result<void> TarWriter::add_folder(const std::string& name) {
  const EntryHandle entry = new_entry(name + "/", AE_IFDIR, kFolderMode);
  return add(entry.get(), {});
}

Result<void> TarWriter::finish() {
  if (archive_ == nullptr) {
    if (Result<void> opened = open(); !opened) {
      return opened;
    }
  }
  if (archive_write_close(archive_.get()) != ARCHIVE_OK) {
    return std::unexpected(failure());
  }
  return {};
}

}  // namespace btfbatch
