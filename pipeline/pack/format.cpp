#include "pipeline/pack/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "core/bytes/reader.h"
#include "core/pack/delta.h"

namespace btfbatch {
namespace {

constexpr std::array<char, 8> kMagic = {'B', 'T', 'F', 'P', 'A', 'C', 'K', '\0'};
constexpr std::uint32_t kNoBase = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kHeaderChecksumOffset = 72;

constexpr std::size_t kIndexHeadSize = 24;
constexpr std::size_t kBlobSize = 64;
constexpr std::size_t kKernelSize = 40;
constexpr std::size_t kFailureSize = 32;
constexpr std::size_t kAliasSize = 24;
constexpr std::size_t kIgnoredSize = 8;
constexpr std::size_t kAlignment = 8;

// Appends numbers.
class Writer {
 public:
  template <std::unsigned_integral Number>
  void put(Number value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void put(const ContentId& id) {
    put(id.high);
    put(id.low);
  }
  void put(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void align() { bytes_.resize((bytes_.size() + kAlignment - 1) / kAlignment * kAlignment); }

  [[nodiscard]] std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

// Collects texts and writes where they are.
class Strings {
 public:
  void put(Writer& writer, std::string_view text) {
    writer.put(static_cast<std::uint32_t>(all_.size()));
    writer.put(static_cast<std::uint32_t>(text.size()));
    all_ += text;
  }
  [[nodiscard]] const std::string& all() const { return all_; }

 private:
  std::string all_;
};

// Reads fields one after the other; once one is not there, everything is zero and ok() false.
class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, std::span<const std::byte> strings)
      : reader_(bytes, false), strings_(strings) {}

  template <std::unsigned_integral Number>
  Number number() {
    const std::optional<Number> value = reader_.read<Number>(at_);
    at_ += sizeof(Number);
    ok_ = ok_ && value;
    return value.value_or(0);
  }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  ContentId id() {
    const std::uint64_t high = u64();
    return {.high = high, .low = u64()};
  }
  std::string text() {
    const std::uint32_t offset = u32();
    const auto bytes = subspan_checked(strings_, offset, u32());
    ok_ = ok_ && bytes;
    return bytes ? std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size())
                 : std::string();
  }
  bool flag() {
    const std::uint32_t value = u32();
    ok_ = ok_ && value <= 1;
    return value == 1;
  }
  void zero32() { ok_ = u32() == 0 && ok_; }
  void zero64() { ok_ = u64() == 0 && ok_; }

  [[nodiscard]] bool ok() const { return ok_; }

 private:
  ByteReader reader_;
  std::span<const std::byte> strings_;
  std::uint64_t at_ = 0;
  bool ok_ = true;
};

void put_blob(Writer& writer, const PackBlob& blob) {
  writer.put(blob.offset);
  writer.put(blob.size);
  writer.put(blob.btf_size);
  writer.put(blob.id);
  writer.put(blob.checksum);
  writer.put(blob.base.value_or(kNoBase));
  writer.put(std::uint32_t{blob.base.has_value()});
  writer.put(std::uint64_t{0});
}

PackBlob read_blob(Cursor& cursor, bool& has_base_as_coded) {
  PackBlob blob;
  blob.offset = cursor.u64();
  blob.size = cursor.u64();
  blob.btf_size = cursor.u64();
  blob.id = cursor.id();
  blob.checksum = cursor.u64();
  const std::uint32_t base = cursor.u32();
  has_base_as_coded = cursor.flag() == (base != kNoBase);
  cursor.zero64();
  if (base != kNoBase) {
    blob.base = base;
  }
  return blob;
}

std::uint64_t checksum_of(std::span<const std::byte> header) {
  return blob_checksum(header.first(kHeaderChecksumOffset));
}

// Why the blob that would be the next one of `index` cannot be; nothing where it can.
std::optional<std::string> unfit(const PackIndex& index, const PackBlob& blob,
                                 std::vector<std::uint32_t>& depths, std::uint64_t blobs_size) {
  if (blob.offset > blobs_size || blob.size > blobs_size - blob.offset) {
    return "lies outside of the file";
  }
  if (blob.btf_size > kMaxPackedBtf) {
    return "claims more BTF than there can be";
  }
  std::uint32_t depth = 0;
  if (blob.base) {
    if (*blob.base >= index.blobs.size()) {
      return "has a base that does not stand before it";
    }
    if (index.blobs[*blob.base].btf_size > kLargestBase) {
      return "has a base that is too large";
    }
    depth = depths[*blob.base] + 1;
  }
  if (depth > kDeepestBlob) {
    return "has too many bases";
  }
  depths.push_back(depth);
  return std::nullopt;
}

std::unexpected<Error> bad_index(std::string_view what) {
  return fail(fmt::format("index: {}", what));
}

template <class Record, class Key>
bool is_sorted_by(const std::vector<Record>& records, Key key) {
  return std::ranges::is_sorted(records, {}, key);
}

// Reads the records behind the blobs. False where some field is not there or not what it may be.
bool read_records(Cursor& cursor, std::span<const std::uint32_t, 4> counts, PackIndex& index) {
  for (std::uint32_t i = 0; i < counts[0]; ++i) {
    PackKernel& kernel = index.kernels.emplace_back();
    kernel.path = cursor.text();
    kernel.blob = cursor.u32();
    cursor.zero32();
    kernel.compressed_size = cursor.u64();
    kernel.source_hash = cursor.id();
    if (kernel.blob >= index.blobs.size()) {
      return false;
    }
  }
  for (std::uint32_t i = 0; i < counts[1]; ++i) {
    PackFailure& failure = index.failures.emplace_back();
    failure.path = cursor.text();
    failure.reason = cursor.text();
    failure.compressed_size = cursor.u64();
    failure.seen_by_scan = cursor.flag();
    cursor.zero32();
  }
  for (std::uint32_t i = 0; i < counts[2]; ++i) {
    Alias& alias = index.aliases.emplace_back();
    alias.path = cursor.text();
    alias.target = cursor.text();
    alias.is_directory = cursor.flag();
    cursor.zero32();
  }
  for (std::uint32_t i = 0; i < counts[3]; ++i) {
    index.ignored.push_back(cursor.text());
  }
  return cursor.ok();
}

}  // namespace

std::uint32_t PackIndex::depth(std::uint32_t blob) const {
  std::uint32_t depth = 0;
  for (std::optional<std::uint32_t> base = blobs[blob].base; base; base = blobs[*base].base) {
    ++depth;
  }
  return depth;
}

std::uint64_t blob_checksum(std::span<const std::byte> blob) {
  return content_id_of(blob).low;
}

bool has_pack_magic(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() &&
         std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

std::vector<std::byte> encode_pack_header(const PackHeader& header) {
  Writer writer;
  writer.put(std::string_view(kMagic.data(), kMagic.size()));
  writer.put(kPackVersion);
  writer.put(static_cast<std::uint32_t>(kPackHeaderSize));
  writer.put(header.file_size);
  writer.put(header.index_size);
  writer.put(header.index_checksum);
  writer.put(header.blobs_checksum);
  writer.put(std::uint64_t{0});
  std::vector<std::byte> bytes = writer.take();
  const std::uint64_t checksum = checksum_of(bytes);
  const auto checksum_bytes = std::as_bytes(std::span(&checksum, 1));
  bytes.insert(bytes.end(), checksum_bytes.begin(), checksum_bytes.end());
  return bytes;
}

Result<PackHeader> decode_pack_header(std::span<const std::byte> bytes) {
  if (!has_pack_magic(bytes)) {
    return fail("not a pack: does not begin with \"BTFPACK\"");
  }
  const ByteReader reader(bytes, false);
  const std::optional<std::uint32_t> version = reader.read<std::uint32_t>(kMagic.size());
  const bool is_whole = bytes.size() >= kPackHeaderSize;
  const bool is_sealed = is_whole && *reader.read<std::uint64_t>(kHeaderChecksumOffset) ==
                                         checksum_of(bytes.first(kPackHeaderSize));
  // Before the rest: another version may have another size, and its checksum in another place.
  if (version && *version != kPackVersion) {
    return fail(fmt::format("has format version {}, and this btfbatch reads version {}{}", *version,
                            kPackVersion, is_sealed ? "" : "; or its header is damaged"));
  }
  if (!is_whole) {
    return fail(fmt::format("header: ends after {} bytes", bytes.size()));
  }
  if (!is_sealed) {
    return fail("header: its checksum is wrong");
  }
  Cursor cursor(bytes.first(kPackHeaderSize).subspan(kMagic.size() + sizeof *version), {});
  const std::uint32_t header_size = cursor.u32();
  PackHeader header;
  header.file_size = cursor.u64();
  header.index_size = cursor.u64();
  header.index_checksum = cursor.id();
  header.blobs_checksum = cursor.id();
  cursor.zero64();
  if (!cursor.ok() || header_size != kPackHeaderSize || header.index_size % kAlignment != 0 ||
      header.index_size > kLargestPackIndex || header.file_size < 2 * header.blobs_begin() ||
      header.file_size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return fail("header: its sizes contradict each other");
  }
  return header;
}

std::vector<std::byte> encode_pack_index(const PackIndex& index) {
  Writer head;
  Writer records;
  Strings strings;
  for (const PackBlob& blob : index.blobs) {
    put_blob(records, blob);
  }
  for (const PackKernel& kernel : index.kernels) {
    strings.put(records, kernel.path);
    records.put(kernel.blob);
    records.put(std::uint32_t{0});
    records.put(kernel.compressed_size);
    records.put(kernel.source_hash);
  }
  for (const PackFailure& failure : index.failures) {
    strings.put(records, failure.path);
    strings.put(records, failure.reason);
    records.put(failure.compressed_size);
    records.put(std::uint32_t{failure.seen_by_scan});
    records.put(std::uint32_t{0});
  }
  for (const Alias& alias : index.aliases) {
    strings.put(records, alias.path);
    strings.put(records, alias.target);
    records.put(std::uint32_t{alias.is_directory});
    records.put(std::uint32_t{0});
  }
  for (const std::string& path : index.ignored) {
    strings.put(records, path);
  }
  for (const std::size_t count :
       {index.blobs.size(), index.kernels.size(), index.failures.size(), index.aliases.size(),
        index.ignored.size(), strings.all().size()}) {
    head.put(static_cast<std::uint32_t>(count));
  }
  std::vector<std::byte> bytes = head.take();
  const std::vector<std::byte> rest = records.take();
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  const auto texts = std::as_bytes(std::span(strings.all()));
  bytes.insert(bytes.end(), texts.begin(), texts.end());
  bytes.resize((bytes.size() + kAlignment - 1) / kAlignment * kAlignment);
  return bytes;
}

Result<PackIndex> decode_pack_index(std::span<const std::byte> bytes, std::uint64_t blobs_size) {
  Cursor head(bytes, {});
  std::array<std::uint32_t, 6> counts{};
  for (std::uint32_t& count : counts) {
    count = head.u32();
  }
  constexpr std::array<std::size_t, 6> kSizes = {kBlobSize,  kKernelSize,  kFailureSize,
                                                 kAliasSize, kIgnoredSize, 1};
  std::uint64_t size = kIndexHeadSize;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    size += std::uint64_t{counts[i]} * kSizes[i];
  }
  if (!head.ok() || bytes.size() % kAlignment != 0 || size > bytes.size() ||
      bytes.size() - size >= kAlignment ||
      std::ranges::any_of(bytes.subspan(size), [](std::byte b) { return b != std::byte{0}; })) {
    return bad_index("its size is not that of its records");
  }
  Cursor cursor(bytes.first(size).subspan(kIndexHeadSize),
                bytes.subspan(size - counts[5], counts[5]));
  PackIndex index;
  std::vector<std::uint32_t> depths;
  for (std::uint32_t i = 0; i < counts[0]; ++i) {
    bool is_right = false;
    PackBlob blob = read_blob(cursor, is_right);
    const std::optional<std::string> why =
        is_right ? unfit(index, blob, depths, blobs_size) : "has an unknown coding";
    if (why) {
      return bad_index(fmt::format("blob {} {}", i, *why));
    }
    index.blobs.push_back(blob);
  }
  if (!read_records(cursor, std::span(counts).subspan<1, 4>(), index)) {
    return bad_index("a field is not what it may be");
  }
  if (!is_sorted_by(index.kernels, &PackKernel::path) ||
      !is_sorted_by(index.failures, &PackFailure::path) ||
      !is_sorted_by(index.aliases, &Alias::path) || !std::ranges::is_sorted(index.ignored)) {
    return bad_index("its records are not sorted");
  }
  return index;
}

}  // namespace btfbatch
