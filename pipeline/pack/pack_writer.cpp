#include "pipeline/pack/pack_writer.h"

#include <vector>

namespace btfbatch {

Result<void> PackWriter::begin(const PackIndex& index) {
  header_.index_size = encode_pack_index(index).size();
  if (header_.index_size > kLargestPackIndex) {
    return fail("too many kernels for one pack");
  }
  return file_.write(std::vector<std::byte>(header_.blobs_begin()));
}

Result<void> PackWriter::add(std::span<const std::byte> coded, PackBlob& blob) {
  blob.offset = file_.size() - header_.blobs_begin();
  blob.size = coded.size();
  blob.checksum = blob_checksum(coded);
  blobs_.add(coded);
  return file_.write(coded);
}

Result<std::uint64_t> PackWriter::finish(const PackIndex& index) {
  // Both indexes are to begin at a multiple of 8.
  const std::vector<std::byte> padding((8 - file_.size() % 8) % 8);
  blobs_.add(padding);
  if (Result<void> written = file_.write(padding); !written) {
    return std::unexpected(std::move(written).error());
  }
  const std::vector<std::byte> index_bytes = encode_pack_index(index);
  header_.file_size = file_.size() + index_bytes.size() + kPackHeaderSize;
  header_.index_checksum = content_id_of(index_bytes);
  header_.blobs_checksum = blobs_.id();
  const std::vector<std::byte> header_bytes = encode_pack_header(header_);
  Result<void> written = file_.write(index_bytes);
  if (written) {
    written = file_.write(header_bytes);
  }
  if (written) {
    written = file_.write_at(0, header_bytes);
  }
  if (written) {
    written = file_.write_at(kPackHeaderSize, index_bytes);
  }
  if (written) {
    written = file_.sync();
  }
  if (!written) {
    return std::unexpected(std::move(written).error());
  }
  return header_.file_size;
}

}  // namespace btfbatch
