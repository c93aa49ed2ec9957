// Opening a BTF is the one place where its bytes are mistrusted. A kernel has 124,000 types and
// half a million members, and this runs for every kernel of the archive, so the walk that checks
// them all only remembers the largest name and the largest type ID it met; whether these exist is
// asked once, at the end. Only when they do not does a second, slower walk look for the place to
// blame.
#include "core/btf/view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/btf/visit.h"
#include "core/bytes/reader.h"

namespace btfbatch {
namespace {

// The header's numbers, checked against the size of the file.
struct Sections {
  bool big_endian = false;
  std::span<const std::byte> types;
  std::span<const std::byte> strings;
};

constexpr std::uint32_t kMaxStringSize = 0x80000000U;  // BTF_MAX_STR_OFFSET + 1 of libbpf
// The header of libbpf 1.8: two more words, place and size of a section that describes the kinds.
constexpr std::uint32_t kHeaderSizeWithLayout = 32;

std::optional<bool> read_magic(std::span<const std::byte> bytes) {
  const auto magic = ByteReader(bytes, false).read<std::uint16_t>(0);
  if (magic == btf::kMagic) return false;
  if (magic == std::byteswap(btf::kMagic)) return true;
  return std::nullopt;
}

// Fields behind the 24 bytes that everyone knows. A file that uses one we do not know may mean
// something else by the rest, too.
Result<void> check_longer_header(std::span<const std::byte> bytes, const ByteReader& reader,
                                 std::uint32_t header_size) {
  if (header_size >= kHeaderSizeWithLayout) {
    const std::uint64_t offset = reader.read<std::uint32_t>(24).value();
    const std::uint64_t size = reader.read<std::uint32_t>(28).value();
    if (size != 0 && !subspan_checked(bytes, header_size + offset, size)) {
      return fail(fmt::format("header: layout section ends at {}, file has {} bytes",
                              header_size + offset + size, bytes.size()));
    }
  }
  const std::uint32_t known =
      header_size >= kHeaderSizeWithLayout ? kHeaderSizeWithLayout : btf::kHeaderSize;
  for (std::uint32_t i = known; i < header_size; ++i) {
    if (bytes[i] != std::byte{0}) {
      return fail(fmt::format("header: byte {} of {} is not zero: a field that is not known", i,
                              header_size));
    }
  }
  return {};
}

Result<Sections> read_header(std::span<const std::byte> bytes) {
  if (bytes.size() < btf::kHeaderSize) {
    return fail(fmt::format("header: needs {} bytes, file has {}", btf::kHeaderSize, bytes.size()));
  }
  const auto big_endian = read_magic(bytes);
  if (!big_endian) {
    return fail(fmt::format("header: magic is {:02x}{:02x}, not that of BTF",
                            std::to_integer<unsigned>(bytes[0]),
                            std::to_integer<unsigned>(bytes[1])));
  }
  const auto version = std::to_integer<unsigned>(bytes[2]);
  const auto flags = std::to_integer<unsigned>(bytes[3]);
  if (version != btf::kVersion) return fail(fmt::format("header: version {} is not 1", version));
  if (flags != 0) return fail(fmt::format("header: flags {:#x} are not known", flags));

  const ByteReader reader(bytes, *big_endian);
  const std::uint32_t header_size = reader.read<std::uint32_t>(4).value();
  if (header_size < btf::kHeaderSize || header_size > bytes.size()) {
    return fail(fmt::format("header: says it is {} bytes long, of 24 to {} possible", header_size,
                            bytes.size()));
  }
  if (auto longer = check_longer_header(bytes, reader, header_size); !longer) {
    return std::unexpected(longer.error());
  }

  const std::uint64_t type_offset = reader.read<std::uint32_t>(8).value();
  const std::uint64_t type_size = reader.read<std::uint32_t>(12).value();
  const std::uint64_t string_offset = reader.read<std::uint32_t>(16).value();
  const std::uint64_t string_size = reader.read<std::uint32_t>(20).value();
  const auto rest = bytes.subspan(header_size);
  if (type_offset % 4 != 0) {
    return fail(
        fmt::format("type section: begins at {}, which is not a multiple of 4", type_offset));
  }
  if (type_offset + type_size > string_offset) {
    return fail(fmt::format("type section: ends at {}, behind the string section's begin at {}",
                            type_offset + type_size, string_offset));
  }
  const auto strings = subspan_checked(rest, string_offset, string_size);
  if (!strings) {
    return fail(fmt::format("string section: ends at {}, file has {} bytes",
                            header_size + string_offset + string_size, bytes.size()));
  }
  return Sections{*big_endian, rest.subspan(type_offset, type_size), *strings};
}

Result<void> check_strings(std::span<const std::byte> strings) {
  if (strings.empty()) return fail("string section: is empty");
  if (strings.size() > kMaxStringSize) {
    return fail(fmt::format("string section: {} bytes are more than BTF allows", strings.size()));
  }
  if (strings.front() != std::byte{0}) {
    return fail(
        "string section: does not begin with the empty string (split BTF, which needs the "
        "BTF of its vmlinux?)");
  }
  if (strings.back() != std::byte{0}) return fail("string section: does not end with NUL");
  return {};
}

// Where each type begins, and the largest name and type ID that any of them refers to.
struct Walk {
  std::vector<std::uint32_t> offsets;
  std::uint32_t largest_name = 0;
  std::uint32_t largest_type = 0;
};

Result<Walk> walk_types(std::span<const std::byte> types) {
  Walk walk;
  // A kernel's type takes 28 bytes on average; a wrong guess costs one copy.
  walk.offsets.reserve(types.size() / 24 + 2);
  walk.offsets.push_back(0);
  std::uint32_t name = 0;
  std::uint32_t type = 0;
  std::size_t at = 0;
  while (at < types.size()) {
    const auto id = walk.offsets.size();
    const std::size_t left = types.size() - at;
    if (left < sizeof(btf::Type)) {
      return fail(fmt::format("type ID {}: needs 12 bytes, type section has {} left", id, left));
    }
    const auto* words = std::bit_cast<const std::uint32_t*>(types.data() + at);
    const std::uint32_t kind = (words[1] >> 24) & 0x1f;
    if (kind == 0 || kind >= btf::kKindCount) {
      return fail(fmt::format("type ID {}: kind {} is not known (known are 1, int, to 19, enum64)",
                              id, kind));
    }
    const std::size_t size = btf::type_size(words[1]);
    if (left < size) {
      return fail(fmt::format("type ID {} ({}): needs {} bytes, type section has {} left", id,
                              btf::kind_name(static_cast<btf::Kind>(kind)), size, left));
    }
    walk.offsets.push_back(static_cast<std::uint32_t>(at));
    btf::visit_words(
        words, [&](std::uint32_t n) { name = std::max(name, n); },
        [&](std::uint32_t t) { type = std::max(type, t); });
    at += size;
  }
  walk.largest_name = name;
  walk.largest_type = type;
  return walk;
}

// Finds the first type that refers to a name or a type that does not exist.
Error explain_bad_reference(std::span<const std::byte> types, const Walk& walk,
                            std::uint32_t string_size) {
  const auto count = static_cast<std::uint32_t>(walk.offsets.size());
  for (std::uint32_t id = 1; id < count; ++id) {
    std::string found;
    btf::visit_words(
        std::bit_cast<const std::uint32_t*>(types.data() + walk.offsets[id]),
        [&](std::uint32_t n) {
          if (found.empty() && n >= string_size) {
            found = fmt::format("name at {}, string section has {} bytes", n, string_size);
          }
        },
        [&](std::uint32_t t) {
          if (found.empty() && t >= count) {
            found = fmt::format("refers to type ID {}, of {} there are", t, count - 1);
          }
        });
    if (!found.empty()) return Error{fmt::format("type ID {}: {}", id, found)};
  }
  return Error{"type section: refers to what does not exist"};
}

// All of the type section is 32-bit words, whatever the kind.
void swap_words(std::span<std::byte> bytes) {
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t word;
    std::memcpy(&word, &bytes[i], 4);
    word = std::byteswap(word);
    std::memcpy(&bytes[i], &word, 4);
  }
}

}  // namespace

Result<BtfView> BtfView::open(std::span<const std::byte> bytes) {
  auto sections = read_header(bytes);
  if (!sections) return std::unexpected(std::move(sections).error());
  auto [big_endian, types, strings] = *sections;
  if (auto ok = check_strings(strings); !ok) return std::unexpected(std::move(ok).error());

  BtfView view;
  const bool aligned = std::bit_cast<std::uintptr_t>(types.data()) % alignof(btf::Type) == 0;
  if (big_endian || !aligned) {
    view.converted_.assign(types.begin(), types.end());
    if (big_endian) swap_words(view.converted_);
    types = view.converted_;
  }
  auto walk = walk_types(types);
  if (!walk) return std::unexpected(std::move(walk).error());
  const auto string_size = static_cast<std::uint32_t>(strings.size());
  if (walk->largest_name >= string_size || walk->largest_type >= walk->offsets.size()) {
    return std::unexpected(explain_bad_reference(types, *walk, string_size));
  }
  view.types_ = types.data();
  view.strings_ = std::bit_cast<const char*>(strings.data());
  view.string_size_ = string_size;
  view.was_big_endian_ = big_endian;
  view.offsets_ = std::move(walk->offsets);
  return view;
}

BtfView BtfView::of_checked(std::span<const std::byte> types, std::span<const std::byte> strings,
                            std::vector<std::uint32_t> offsets) {
  BtfView view;
  view.types_ = types.data();
  view.strings_ = std::bit_cast<const char*>(strings.data());
  view.string_size_ = static_cast<std::uint32_t>(strings.size());
  view.offsets_ = std::move(offsets);
  return view;
}

bool has_btf_magic(std::span<const std::byte> bytes) {
  return read_magic(bytes).has_value();
}

bool is_split_btf(std::span<const std::byte> bytes) {
  const auto sections = read_header(bytes);
  return sections && (sections->strings.empty() || sections->strings.front() != std::byte{0});
}

}  // namespace btfbatch
