#include "pipeline/source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <vector>

#include "pipeline/file.h"
#include "pipeline/pack/packed_kernel.h"
#include "pipeline/read_write.h"

namespace btfbatch {
namespace {

// Stays in the processor's second cache, and takes few enough system calls: where nothing has
// changed, hashing is most of a run.
constexpr std::size_t kPiece = 256U << 10;

Result<ContentId> hash_file(const UniqueFd& fd, StopSignal* stop) {
  std::vector<std::byte> piece(kPiece);
  ContentHasher hasher;
  while (stop == nullptr || !stop->stopped()) {
    const Result<std::size_t> got = read_all(fd, piece);
    if (!got) {
      return std::unexpected(got.error());
    }
    hasher.add(std::span(piece).first(*got));
    if (*got < piece.size()) {
      return hasher.id();
    }
  }
  return fail("stopped");
}

}  // namespace

Result<Source> Source::open(const Entry& entry, StopSignal* stop) {
  Source source(entry);
  if (entry.packed != nullptr) {
    source.hash_ = entry.packed->source_hash();
    return source;
  }
  if (entry.file.empty()) {
    source.hash_ = content_id_of(entry.content.bytes());
    return source;
  }
  source.stamp_ = stamp_of(entry.file);
  const Result<OpenFile> file = open_regular_file(entry.file);
  if (!file) {
    return std::unexpected(file.error());
  }
  const Result<ContentId> hash = hash_file(file->fd, stop);
  if (!hash) {
    return std::unexpected(hash.error());
  }
  source.hash_ = *hash;
  return source;
}

std::optional<Source::Stamp> Source::stamp_of(const std::filesystem::path& file) {
  struct stat status{};
  if (stat(file.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return Stamp{static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino),
               status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

Result<SharedView> Source::unpack(const UnpackLimits& limits, Buffer& btf) const {
  if (entry_->packed != nullptr) {
    return entry_->packed->unpack(limits, btf);
  }
  Result<void> unpacked = entry_->file.empty() ? unpack_bytes(entry_->content.bytes(),
                                                              entry_->archive_path, limits, btf)
                                               : unpack_file(entry_->file, limits, btf);
  if (!unpacked) {
    return std::unexpected(std::move(unpacked).error());
  }
  if (!entry_->file.empty() && (!stamp_ || stamp_of(entry_->file) != stamp_)) {
    return fail("changed while it was read");
  }
  return nullptr;
}

}  // namespace btfbatch
