#include "pipeline/pack/pack_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "pipeline/read_write.h"

namespace btfbatch {
namespace {

constexpr std::size_t kPiece = 256U << 10;
constexpr std::uint64_t kGiant = 16U << 20;  // bytes of BTF

}  // namespace

Result<void> PackFile::read_at(std::uint64_t offset, std::span<std::byte> bytes) const {
  if (offset > file_.size || bytes.size() > file_.size - offset) {
    return fail(
        fmt::format("ends at {}, and the file has {} bytes", offset + bytes.size(), file_.size));
  }
  const Result<std::size_t> got = read_all_at(file_.fd, offset, bytes);
  if (!got) {
    return std::unexpected(got.error());
  }
  if (*got < bytes.size()) {
    return fail("was cut off while it was read");
  }
  return {};
}

Result<PackFile> PackFile::open(const std::filesystem::path& path) {
  PackFile pack;
  Result<OpenFile> file = open_regular_file(path);
  if (!file) {
    return std::unexpected(std::move(file).error());
  }
  pack.file_ = *std::move(file);
  if (Result<void> read = pack.read_index(); !read) {
    return std::unexpected(std::move(read).error());
  }
  return pack;
}

// Of two copies of header and index one is enough to read all there is. The others are looked at
// all the same: they are small, and who is told of the damage can still make a new pack.
Result<void> PackFile::read_index() {
  Result<PackHeader> header = read_header_at(0);
  if (!header) {
    Result<PackHeader> last =
        read_header_at(file_.size - std::min<std::uint64_t>(file_.size, kPackHeaderSize));
    if (!last || last->file_size != file_.size) {
      return std::unexpected(std::move(header).error());
    }
    header = std::move(last);
  }
  header_ = *header;
  Result<PackIndex> index = read_index_at(kPackHeaderSize);
  if (!index) {
    Result<PackIndex> last = read_index_at(header_.file_size - header_.blobs_begin());
    if (!last) {
      return std::unexpected(std::move(index).error());
    }
    index = std::move(last);
  }
  index_ = *std::move(index);

  const std::uint64_t size = header_.file_size;
  const std::uint64_t blobs = header_.blobs_begin();
  const ContentId header_checksum = content_id_of(encode_pack_header(header_));
  const auto expect = [this](std::uint64_t begin, std::uint64_t end, const ContentId& checksum,
                             const char* name) {
    if (std::optional<std::string> damage = damage_of(begin, end, checksum, name)) {
      damage_.push_back(*std::move(damage));
    }
  };
  expect(0, kPackHeaderSize, header_checksum, "the header at its beginning");
  expect(kPackHeaderSize, blobs, header_.index_checksum, "the index at its beginning");
  if (file_.size < size) {
    damage_.push_back(fmt::format("is truncated: has {} of {} bytes", file_.size, size));
    return {};
  }
  expect(size - blobs, size - kPackHeaderSize, header_.index_checksum, "the index at its end");
  expect(size - kPackHeaderSize, size, header_checksum, "the header at its end");
  if (file_.size > size) {
    damage_.push_back(fmt::format("has {} bytes where it should have {}", file_.size, size));
  }
  return {};
}

Result<PackHeader> PackFile::read_header_at(std::uint64_t offset) const {
  std::vector<std::byte> bytes(std::min<std::uint64_t>(kPackHeaderSize, file_.size - offset));
  if (Result<void> read = read_at(offset, bytes); !read) {
    return std::unexpected(std::move(read).error());
  }
  return decode_pack_header(bytes);
}

Result<PackIndex> PackFile::read_index_at(std::uint64_t offset) const {
  // Before memory is taken for it.
  if (offset > file_.size || header_.index_size > file_.size - offset) {
    return fail(fmt::format("index: ends at {}, and the file has {} bytes",
                            offset + header_.index_size, file_.size));
  }
  std::vector<std::byte> bytes(header_.index_size);
  if (Result<void> read = read_at(offset, bytes); !read) {
    return fail_within("index", std::move(read).error());
  }
  if (content_id_of(bytes) != header_.index_checksum) {
    return fail("index: its checksum is wrong");
  }
  return decode_pack_index(bytes, header_.blobs_size());
}

Result<Buffer> PackFile::read_blob(std::uint32_t blob) const {
  const PackBlob& place = index_.blobs[blob];
  const std::uint64_t offset = header_.blobs_begin() + place.offset;
  // Before memory is taken for it.
  if (offset > file_.size || place.size > file_.size - offset) {
    return fail(
        fmt::format("ends at {}, and the file has {} bytes", offset + place.size, file_.size));
  }
  Buffer bytes;
  if (Result<void> read = read_at(offset, bytes.append_unfilled(place.size)); !read) {
    return std::unexpected(std::move(read).error());
  }
  if (blob_checksum(bytes.bytes()) != place.checksum) {
    return fail("its checksum is wrong");
  }
  return bytes;
}

Result<DecoderBase> PackFile::decode(std::uint32_t blob, const DecoderBase* base,
                                     Buffer& btf) const {
  btf.clear();
  // A BTF of 27 MB takes 90 MB while it is decoded, all but itself for that moment only. So one
  // such is decoded at a time, however many threads there are. Who holds the lock waits for
  // nothing: `base` is decoded already.
  std::unique_lock<std::mutex> giants_turn;
  if (index_.blobs[blob].btf_size > kGiant) {
    giants_turn = std::unique_lock(*one_giant_);
  }
  const Result<Buffer> coded = read_blob(blob);
  if (!coded) {
    return std::unexpected(coded.error());
  }
  const PackBlob& place = index_.blobs[blob];
  const std::span<std::byte> out = btf.append_unfilled(place.btf_size);
  Result<DecoderBase> decoded = base != nullptr ? decode_delta(*base, coded->bytes(), out)
                                                : decode_whole(coded->bytes(), out);
  if (decoded && content_id_of(out) != place.id) {
    decoded = fail("what it decodes to has another XXH3-128 than what was packed");
  }
  if (!decoded) {
    btf.clear();
  }
  return decoded;
}

Result<void> PackFile::decode_alone(std::uint32_t blob, Buffer& btf) const {
  std::vector<std::uint32_t> chain = {blob};
  while (const std::optional<std::uint32_t> base = index_.blobs[chain.back()].base) {
    chain.push_back(*base);
  }
  std::optional<DecoderBase> base;
  Buffer below;  // that of `base`
  for (std::size_t i = chain.size(); i-- > 0;) {
    Buffer decoded;
    Result<DecoderBase> done = decode(chain[i], base ? &*base : nullptr, decoded);
    if (!done) {
      Error error = std::move(done).error();
      return std::unexpected(i == 0 ? std::move(error)
                                    : std::move(error).within("what it is coded against"));
    }
    base = *std::move(done);
    below = std::move(decoded);
  }
  btf = std::move(below);
  return {};
}

std::optional<std::string> PackFile::damage_of(std::uint64_t begin, std::uint64_t end,
                                               const ContentId& checksum, const char* name) const {
  ContentHasher hasher;
  std::vector<std::byte> piece(std::min<std::uint64_t>(kPiece, end - begin));
  while (begin < end) {
    const std::span<std::byte> part =
        std::span(piece).first(std::min<std::uint64_t>(piece.size(), end - begin));
    if (Result<void> read = read_at(begin, part); !read) {
      return fmt::format("{} {}", name, read.error().message);
    }
    hasher.add(part);
    begin += part.size();
  }
  if (hasher.id() != checksum) {
    return fmt::format("{} is damaged: its checksum is wrong", name);
  }
  return std::nullopt;
}

std::vector<std::string> PackFile::check_frame() const {
  std::vector<std::string> wrong = damage_;
  const std::uint64_t begin = header_.blobs_begin();
  const std::uint64_t end = begin + header_.blobs_size();
  // What was cut off is told already.
  if (end <= file_.size) {
    if (std::optional<std::string> damage =
            damage_of(begin, end, header_.blobs_checksum, "what lies between the indexes")) {
      wrong.push_back(*std::move(damage));
    }
  }
  return wrong;
}

}  // namespace btfbatch
