// A pack, opened for reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/content_id.h"
#include "core/error.h"
#include "core/pack/delta.h"
#include "pipeline/buffer.h"
#include "pipeline/file.h"
#include "pipeline/pack/format.h"

namespace btfbatch {

// Keeps the file open, so that what it reads is one pack from beginning to end even where the file
// is replaced by rename meanwhile. Blobs are read when they are asked for, not mapped: a file that
// is cut short under our feet then is an error, and memory does not grow with it. Immutable once
// opened; may be shared between threads.
class PackFile {
 public:
  // Reads header and index, from the end of the file where those at its beginning are damaged, and
  // compares the two copies.
  // Fails where the file cannot be read, is no pack or one of another version, or both indexes are
  // damaged.
  [[nodiscard]] static Result<PackFile> open(const std::filesystem::path& path);

  [[nodiscard]] const PackHeader& header() const { return header_; }
  [[nodiscard]] const PackIndex& index() const { return index_; }

  // What was seen to be wrong with the file as a whole, though the index could be read: "is
  // truncated: has 100 of 200 bytes", or that a copy of header or index is damaged. Empty where
  // nothing was.
  [[nodiscard]] const std::vector<std::string>& damage() const { return damage_; }

  // The coded bytes of a blob. Fails where they are not there, or their checksum is not right.
  [[nodiscard]] Result<Buffer> read_blob(std::uint32_t blob) const;

  // Puts the BTF of a blob in place of what `btf` holds, and makes it a base, which borrows the
  // bytes; `base` is that of the blob's base, or nullptr where it has none. Fails, and leaves `btf`
  // empty, where it is not byte for byte what was packed.
  [[nodiscard]] Result<DecoderBase> decode(std::uint32_t blob, const DecoderBase* base,
                                           Buffer& btf) const;

  // The same where no base is at hand: decodes as many blobs as its depth says.
  [[nodiscard]] Result<void> decode_alone(std::uint32_t blob, Buffer& btf) const;

  // Reads the rest of the file as well, all that lies between the two indexes. Returns damage(),
  // and whether that has another checksum than the header says.
  [[nodiscard]] std::vector<std::string> check_frame() const;

 private:
  PackFile() = default;

  [[nodiscard]] Result<void> read_index();
  [[nodiscard]] Result<PackHeader> read_header_at(std::uint64_t offset) const;
  [[nodiscard]] Result<PackIndex> read_index_at(std::uint64_t offset) const;
  // What is to be told of a part of the file that is not as its checksum says.
  [[nodiscard]] std::optional<std::string> damage_of(std::uint64_t begin, std::uint64_t end,
                                                     const ContentId& checksum,
                                                     const char* name) const;
  [[nodiscard]] Result<void> read_at(std::uint64_t offset, std::span<std::byte> bytes) const;

  OpenFile file_;
  std::unique_ptr<std::mutex> one_giant_ = std::make_unique<std::mutex>();  // see decode()
  PackHeader header_;
  PackIndex index_;
  std::vector<std::string> damage_;
};

}  // namespace btfbatch
