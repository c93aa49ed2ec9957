// Opening a pack and decoding all that is in it, with the checksums made right, since blind changes
// would never get past them: those of header and index, and those of the blobs as the index has
// them. What is handed out must have the XXH3-128 that the index names; listing what is in it must
// come to an end.
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/pack/examine.h"
#include "pipeline/pack/pack_file.h"
#include "pipeline/pack/scan_pack.h"
#include "pipeline/source.h"
#include "tests/fuzz/support/require.h"
#include "tests/support/memory_file.h"

namespace btfbatch::fuzz {
namespace {

constexpr std::uint64_t kLargest = 4 << 20;

using Bytes = std::vector<std::byte>;

void put_at(Bytes& file, std::size_t offset, std::span<const std::byte> bytes) {
  std::memcpy(file.data() + offset, bytes.data(), bytes.size());
}

// A file that opens wherever the index allows it: the index is what lies behind the header, as far
// as its own counts say, and each blob has the checksum of its bytes.
Bytes sealed(std::span<const std::byte> bytes) {
  Bytes file(bytes.begin(), bytes.end());
  std::uint64_t index_size = 0;
  if (file.size() < 2 * kPackHeaderSize) {
    return file;
  }
  std::memcpy(&index_size, file.data() + 24, sizeof index_size);
  index_size = index_size / 8 * 8 % (file.size() / 2 - kPackHeaderSize + 1) / 8 * 8;
  PackHeader rough;
  rough.file_size = file.size();
  rough.index_size = index_size;
  std::uint32_t blobs = 0;
  if (index_size >= sizeof blobs) {
    std::memcpy(&blobs, file.data() + kPackHeaderSize, sizeof blobs);
  }
  for (std::uint32_t i = 0; i < blobs && 24 + (i + 1) * std::size_t{64} <= index_size; ++i) {
    std::byte* const record = file.data() + kPackHeaderSize + 24 + i * std::size_t{64};
    std::uint64_t place[2];
    std::memcpy(place, record, sizeof place);
    if (place[0] <= rough.blobs_size() && place[1] <= rough.blobs_size() - place[0]) {
      const std::uint64_t checksum =
          blob_checksum(std::span(file).subspan(rough.blobs_begin() + place[0], place[1]));
      std::memcpy(record + 40, &checksum, sizeof checksum);
    }
  }
  const auto index = std::span(file).subspan(kPackHeaderSize, index_size);
  const auto between = std::span(file).subspan(rough.blobs_begin(), rough.blobs_size());
  const Bytes header = encode_pack_header({.file_size = file.size(),
                                           .index_size = index_size,
                                           .index_checksum = content_id_of(index),
                                           .blobs_checksum = content_id_of(between)});
  put_at(file, 0, header);
  put_at(file, file.size() - kPackHeaderSize, header);
  put_at(file, file.size() - kPackHeaderSize - index_size, index);
  return file;
}

void read_all(const std::string& path) {
  const Result<PackFile> pack = PackFile::open(path);
  if (!pack) {
    return;
  }
  std::size_t kernels = 0;
  for (const PackSeries& series : series_of(pack->index())) {
    kernels += series.kernels;
  }
  require(kernels == pack->index().kernels.size(), "a kernel is in no series");
  static_cast<void>(pack->check_frame());
  auto archive = open_pack_archive(path, {.filter = {}, .max_btf_size = kLargest});
  require(archive.has_value(), "opens once, and not again");
  std::size_t entries = 0;
  while (const std::optional<Entry> entry = (*archive)->next()) {
    ++entries;
    if (entry->failure) {
      continue;
    }
    const Result<Source> source = Source::open(*entry, nullptr);
    require(source.has_value(), "a packed kernel needs no file");
    Buffer btf;
    if (!source->unpack({.max_btf_size = kLargest}, btf)) {
      continue;
    }
    bool is_known = false;
    for (const PackKernel& kernel : pack->index().kernels) {
      is_known = is_known || (kernel.path == entry->archive_path &&
                              pack->index().blobs[kernel.blob].id == content_id_of(btf.bytes()));
    }
    require(is_known, "other bytes than the index names");
  }
  require(entries == pack->index().kernels.size() + pack->index().failures.size(),
          "an entry is lost");
}

}  // namespace
}  // namespace btfbatch::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace btfbatch;
  const auto bytes = std::as_bytes(std::span(data, size));
  fuzz::read_all(test::MemoryFile(bytes).path());
  fuzz::read_all(test::MemoryFile(fuzz::sealed(bytes)).path());
  return 0;
}
