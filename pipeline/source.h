// The bytes of a kernel as the archive stores them, and what they are known by.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/content_id.h"
#include "core/error.h"
#include "pipeline/buffer.h"
#include "pipeline/scan.h"
#include "pipeline/stop_signal.h"
#include "pipeline/unpack.h"

namespace btfbatch {

// A source that was hashed, so that it can be unpacked, or need not be.
//
// A file is read a second time when it is unpacked, from the page cache by then. Keeping its bytes
// from the first time would save that, but hashing is three times as fast in pieces that stay in
// the processor's cache, and in a run over a known archive nothing is unpacked. What was hashed is
// still what is unpacked: the file must not have changed in between.
class Source {
 public:
  // Hashes the entry's file, or its content; a pack remembers the hash of the file that was packed.
  // `entry` is borrowed and must outlive the Source.
  //
  // Fails where the file cannot be read, or `stop`, which may be nullptr, has ended the run.
  [[nodiscard]] static Result<Source> open(const Entry& entry, StopSignal* stop);

  // XXH3-128 of the bytes in the archive; for a pack, in the archive that was packed.
  [[nodiscard]] const ContentId& hash() const { return hash_; }

  // As unpack_file() and unpack_bytes(): puts the BTF in place of what `btf` holds. Returns it
  // opened where unpacking has opened it already, as it does from a pack, else nullptr; this
  // borrows `btf`'s bytes.
  [[nodiscard]] Result<SharedView> unpack(const UnpackLimits& limits, Buffer& btf) const;

 private:
  // Device, inode, size and time of change: what tells that a file is not what it was.
  using Stamp = std::array<std::int64_t, 5>;

  explicit Source(const Entry& entry) : entry_(&entry) {}
  [[nodiscard]] static std::optional<Stamp> stamp_of(const std::filesystem::path& file);

  const Entry* entry_;
  std::optional<Stamp> stamp_;  // of a file, before it was hashed
  ContentId hash_;
};

}  // namespace btfbatch
