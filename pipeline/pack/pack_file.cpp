#include "pipeline/pack/pack_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "pipeline/read_write.h"

namespace btfbatch {
namespace {

constexpr std::size_t kPiece = 256U << 10;

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

// The copy at the beginning is enough, whatever became of the rest; the one at the end is looked at
// where the first is no good.
Result<void> PackFile::read_index() {
  const auto header_at = [this](std::uint64_t offset) -> Result<PackHeader> {
    std::vector<std::byte> bytes(
        std::min<std::uint64_t>(kPackHeaderSize, file_.size - std::min(offset, file_.size)));
    if (Result<void> read = read_at(offset, bytes); !read) {
      return std::unexpected(std::move(read).error());
    }
    return decode_pack_header(bytes);
  };
  const Result<PackHeader> first = header_at(0);
  Error why;
  if (first) {
    header_ = *first;
    if (file_.size != header_.file_size) {
      damage_.push_back(
          file_.size < header_.file_size
              ? fmt::format("is truncated: has {} of {} bytes", file_.size, header_.file_size)
              : fmt::format("has {} bytes where it should have {}", file_.size, header_.file_size));
    }
    Result<PackIndex> index = read_index_at(header_, kPackHeaderSize);
    if (index) {
      index_ = *std::move(index);
      return {};
    }
    why = std::move(index).error();
  } else {
    why = first.error();
  }
  const std::uint64_t end = first ? header_.file_size : file_.size;
  const Result<PackHeader> last =
      end < kPackHeaderSize ? fail("too short") : header_at(end - kPackHeaderSize);
  if (!last || last->file_size != end) {
    return std::unexpected(std::move(why));
  }
  Result<PackIndex> index = read_index_at(*last, end - kPackHeaderSize - last->index_size);
  if (!index) {
    return std::unexpected(std::move(why));
  }
  header_ = *last;
  index_ = *std::move(index);
  damage_.push_back(fmt::format("{}; those at its end are used", why.message));
  return {};
}

Result<PackIndex> PackFile::read_index_at(const PackHeader& header, std::uint64_t offset) const {
  // Before memory is taken for it.
  if (offset > file_.size || header.index_size > file_.size - offset) {
    return fail(fmt::format("index: ends at {}, and the file has {} bytes",
                            offset + header.index_size, file_.size));
  }
  std::vector<std::byte> bytes(header.index_size);
  if (Result<void> read = read_at(offset, bytes); !read) {
    return fail_within("index", std::move(read).error());
  }
  if (content_id_of(bytes) != header.index_checksum) {
    return fail("index: its checksum is wrong");
  }
  return decode_pack_index(bytes, header.blobs_size());
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

std::vector<std::string> PackFile::check_frame() const {
  std::vector<std::string> wrong = damage_;
  if (file_.size != header_.file_size) {
    return wrong;
  }
  const auto checksum = [this](std::uint64_t begin, std::uint64_t end) -> Result<ContentId> {
    ContentHasher hasher;
    std::vector<std::byte> piece(kPiece);
    while (begin < end) {
      const std::span<std::byte> part =
          std::span(piece).first(std::min<std::uint64_t>(piece.size(), end - begin));
      if (Result<void> read = read_at(begin, part); !read) {
        return std::unexpected(std::move(read).error());
      }
      hasher.add(part);
      begin += part.size();
    }
    return hasher.id();
  };
  const std::uint64_t size = header_.file_size;
  const ContentId header_checksum = content_id_of(encode_pack_header(header_));
  struct Part {
    std::uint64_t begin;
    std::uint64_t end;
    ContentId expected;
    const char* name;
  };
  const std::uint64_t blobs = header_.blobs_begin();
  const std::array<Part, 5> parts = {{
      {0, kPackHeaderSize, header_checksum, "the header at its beginning"},
      {kPackHeaderSize, blobs, header_.index_checksum, "the index at its beginning"},
      {blobs, size - blobs, header_.blobs_checksum, "what lies between the indexes"},
      {size - blobs, size - kPackHeaderSize, header_.index_checksum, "the index at its end"},
      {size - kPackHeaderSize, size, header_checksum, "the header at its end"},
  }};
  for (const Part& part : parts) {
    const Result<ContentId> found = checksum(part.begin, part.end);
    if (!found || *found != part.expected) {
      wrong.push_back(fmt::format(
          "{} {}", part.name, found ? "is damaged: its checksum is wrong" : found.error().message));
    }
  }
  return wrong;
}

}  // namespace btfbatch
