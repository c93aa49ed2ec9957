#include "core/object/btf_ext.h"

#include <fmt/format.h>

#include <cstring>

#include "core/bytes/reader.h"

namespace btfbatch {
namespace {

constexpr std::size_t kMaxLines = 4U << 20;  // of an object; real ones have some thousand
// Bytes of an access string: 64 numbers of at most 10 digits fit. Without it, a file of many
// records that share one string of megabytes would take terabytes of memory.
constexpr std::size_t kMaxAccessString = 1024;

// Where a record went wrong, for its message.
struct Place {
  std::string_view section;
  std::uint32_t record;
};

Result<Relocation> read_record(const ByteReader& reader, std::uint64_t at, const BtfView& btf,
                               Place place) {
  const std::uint32_t instruction = reader.read<std::uint32_t>(at).value();
  const std::uint32_t type = reader.read<std::uint32_t>(at + 4).value();
  const std::uint32_t access = reader.read<std::uint32_t>(at + 8).value();
  const std::uint32_t kind = reader.read<std::uint32_t>(at + 12).value();
  const auto where = [&] {
    return fmt::format("section {}: relocation #{}", place.section, place.record);
  };
  if (type == 0 || type >= btf.type_count()) {
    return fail(
        fmt::format("{}: type ID {}, of {} there are", where(), type, btf.type_count() - 1));
  }
  if (access >= btf.string_size()) {
    return fail(fmt::format("{}: access string at {}, string section has {} bytes", where(), access,
                            btf.string_size()));
  }
  if (strnlen(btf.string(access), kMaxAccessString + 1) > kMaxAccessString) {
    return fail(
        fmt::format("{}: access string is longer than {} bytes", where(), kMaxAccessString));
  }
  if (kind >= kRelocationKindCount) {
    return fail(fmt::format("{}: kind {} is not known (known are 0 to {})", where(), kind,
                            kRelocationKindCount - 1));
  }
  return Relocation{.kind = static_cast<RelocationKind>(kind),
                    .local_type = type,
                    .access = btf.string(access),
                    .section = place.section,
                    .instruction = instruction};
}

// One of the parts that .BTF.ext is made of: a record size, then a block for each section of code.
struct Part {
  std::string_view name;       // for messages
  std::uint32_t header_field;  // of its offset in the header; its size follows
  std::uint32_t min_header;    // bytes; shorter headers do not know this part
  std::uint32_t min_record;    // bytes
};
constexpr Part kRelocations{"relocations", 24, 32, 16};  // bpf_core_relo
constexpr Part kLineInfo{"line info", 16, 24, 16};       // bpf_line_info

// Reads one section's block: its name, its count and its records. Moves `at` behind it.
template <class ReadRecord>
Result<void> read_block(const ByteReader& reader, std::uint64_t& at, std::uint32_t record_size,
                        const BtfView& btf, const Part& part, const ReadRecord& read_record) {
  const auto name = reader.read<std::uint32_t>(at);
  const auto count = reader.read<std::uint32_t>(at + 4);
  if (!name || !count) return fail(fmt::format("{}: block at {} is cut short", part.name, at));
  if (*name >= btf.string_size()) {
    return fail(fmt::format("{}: section name at {}, string section has {} bytes", part.name, *name,
                            btf.string_size()));
  }
  at += 8;
  const std::string_view section = btf.string(*name);
  const std::uint64_t size = std::uint64_t{*count} * record_size;
  if (*count == 0 || size > reader.size() - at) {
    return fail(fmt::format("section {}: {} {} of {} bytes, {} bytes left", section, *count,
                            part.name, record_size, reader.size() - at));
  }
  for (std::uint32_t i = 0; i < *count; ++i, at += record_size) {
    if (auto read = read_record(reader, at, Place{section, i}); !read) return read;
  }
  return {};
}

// Calls `read_record` for each record of a part, in their order.
template <class ReadRecord>
Result<void> read_part(std::span<const std::byte> btf_ext, const BtfView& btf, const Part& part,
                       const ReadRecord& read_record) {
  const auto magic = ByteReader(btf_ext, false).read<std::uint16_t>(0);
  const bool big_endian = magic == std::byteswap(btf::kMagic);
  if (!big_endian && magic != btf::kMagic) return fail("header: magic is not that of BTF");
  const ByteReader file(btf_ext, big_endian);

  const auto version = file.read<std::uint8_t>(2);
  const auto header_size = file.read<std::uint32_t>(4);
  if (!version || !header_size || *header_size > btf_ext.size()) {
    return fail(fmt::format("header: section has only {} bytes", btf_ext.size()));
  }
  if (*version != btf::kVersion) return fail(fmt::format("header: version {} is not 1", *version));
  if (*header_size < part.min_header) return {};

  const std::uint32_t offset = file.read<std::uint32_t>(part.header_field).value();
  const std::uint32_t size = file.read<std::uint32_t>(part.header_field + 4).value();
  if (size == 0) return {};
  const auto bytes = subspan_checked(btf_ext, std::uint64_t{*header_size} + offset, size);
  if (!bytes) {
    return fail(fmt::format("{}: end at {}, section has {} bytes", part.name,
                            std::uint64_t{*header_size} + offset + size, btf_ext.size()));
  }

  const ByteReader reader(*bytes, big_endian);
  const auto record_size = reader.read<std::uint32_t>(0);
  if (!record_size || *record_size < part.min_record || *record_size % 4 != 0) {
    return fail(fmt::format("{}: record size {} is not a multiple of 4 from {} on", part.name,
                            record_size.value_or(0), part.min_record));
  }
  std::uint64_t at = 4;
  while (at < bytes->size()) {
    if (auto block = read_block(reader, at, *record_size, btf, part, read_record); !block) {
      return block;
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Relocation>> read_relocations(std::span<const std::byte> btf_ext,
                                                 const BtfView& btf) {
  std::vector<Relocation> relocations;
  auto read =
      read_part(btf_ext, btf, kRelocations,
                [&](const ByteReader& reader, std::uint64_t at, Place place) -> Result<void> {
                  auto relocation = read_record(reader, at, btf, place);
                  if (!relocation) return std::unexpected(std::move(relocation).error());
                  relocations.push_back(*std::move(relocation));
                  return {};
                });
  if (!read) return std::unexpected(std::move(read).error());
  return relocations;
}

Result<std::vector<SourceLine>> read_line_info(std::span<const std::byte> btf_ext,
                                               const BtfView& btf) {
  std::vector<SourceLine> lines;
  auto read =
      read_part(btf_ext, btf, kLineInfo,
                [&](const ByteReader& reader, std::uint64_t at, Place place) -> Result<void> {
                  const std::uint32_t file = reader.read<std::uint32_t>(at + 4).value();
                  const std::uint32_t text = reader.read<std::uint32_t>(at + 8).value();
                  const std::uint32_t line_and_column = reader.read<std::uint32_t>(at + 12).value();
                  if (file >= btf.string_size() || text >= btf.string_size()) {
                    return fail(
                        fmt::format("section {}: line #{}: its strings lie outside of the string "
                                    "section",
                                    place.section, place.record));
                  }
                  if (lines.size() == kMaxLines) return fail("line info: more lines than could be");
                  lines.push_back({.section = place.section,
                                   .instruction = reader.read<std::uint32_t>(at).value(),
                                   .file = btf.string(file),
                                   .text = btf.string(text),
                                   .line = line_and_column >> 10,
                                   .column = line_and_column & 0x3ff});
                  return {};
                });
  if (!read) return std::unexpected(std::move(read).error());
  return lines;
}

}  // namespace btfbatch
