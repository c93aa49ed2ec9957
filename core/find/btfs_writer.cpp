// Writing a .btfs file.
//
// It has to be small once it is compressed: a bundle for 128 kernels is 15 KB, where the index
// counts. So numbers take as few bytes as they can, lie in columns, and are given so that columns
// are dull: strings are numbered by their order, blobs by the first kernel that has them. Kernels
// of one distro and release follow each other there, by version, and it is neighbors whose BTFs are
// alike; a compressor finds what they share within a short distance.
#include "core/find/btfs_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "core/find/btfbatch_find.h"

namespace btfbatch {
namespace {

class Bytes {
 public:
  void number(std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
      bytes_.push_back(static_cast<std::byte>(value >> (8 * i) & 0xff));
    }
  }
  void append(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void append(std::string_view text) { append(std::as_bytes(std::span(text))); }
  void zeros(std::size_t count) { bytes_.resize(bytes_.size() + count); }
  void pad() { bytes_.resize((bytes_.size() + 7) / 8 * 8); }
  [[nodiscard]] std::vector<std::byte> take() && { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

std::size_t width_for(std::uint64_t largest) {
  return largest <= 0xff ? 1 : largest <= 0xffff ? 2 : 4;
}

auto names_of(const BtfsKernel& kernel) {
  const KernelIdentity& identity = kernel.identity;
  return std::tie(identity.distro, identity.release, identity.arch, identity.kernel_release);
}

std::string path_of(const KernelIdentity& identity) {
  return fmt::format("{}/{}/{}/{}", identity.distro, identity.release, identity.arch,
                     identity.kernel_release);
}

Result<void> check_name(const std::string& name) {
  if (name.size() >= BTFBATCH_NAME_SIZE) {
    return fail("a name is longer than 255 bytes");
  }
  const auto is_unfit = [](unsigned char c) { return c < 0x20 || c == '/' || c == 0x7f; };
  if (std::ranges::any_of(name, is_unfit)) {
    return fail("a name has a '/' or a control character in it");
  }
  return {};
}

// The kernels in the index' order, each once.
Result<std::vector<const BtfsKernel*>> sort_kernels(std::span<const BtfsKernel> kernels) {
  std::vector<const BtfsKernel*> sorted;
  for (const BtfsKernel& kernel : kernels) {
    if (auto checked = check_btfs_names(kernel.identity); !checked) {
      return fail_within("kernel " + path_of(kernel.identity), checked.error());
    }
    sorted.push_back(&kernel);
  }
  std::ranges::sort(sorted,
                    [](const auto* a, const auto* b) { return names_of(*a) < names_of(*b); });
  std::vector<const BtfsKernel*> unique;
  for (const BtfsKernel* kernel : sorted) {
    if (unique.empty() || names_of(*unique.back()) != names_of(*kernel)) {
      unique.push_back(kernel);
    } else if (!std::ranges::equal(unique.back()->btf, kernel->btf)) {
      return fail(
          fmt::format("kernel {} is given twice, with different BTF", path_of(kernel->identity)));
    }
  }
  return unique;
}

// Each distinct BTF, and which of them each kernel has.
struct Blobs {
  std::vector<std::span<const std::byte>> blobs;
  std::vector<std::size_t> number_of_kernel;
};

// Blobs are numbered in the order of the kernels' versions within their distro, release and arch:
// "5.4.0-100" is not alike "5.4.0-10" beside which the index has it.
Blobs number_blobs(const std::vector<const BtfsKernel*>& kernels) {
  std::vector<std::size_t> order(kernels.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    const KernelIdentity& one = kernels[a]->identity;
    const KernelIdentity& other = kernels[b]->identity;
    // BTFs of one arch are alike across distros more than those of one distro across archs.
    const auto group = [](const KernelIdentity& identity) {
      return std::tuple(canonical_arch(identity.arch), std::string_view(identity.distro),
                        std::string_view(identity.release));
    };
    if (group(one) != group(other)) {
      return group(one) < group(other);
    }
    const int by_version = compare_kernel_releases(one.kernel_release, other.kernel_release);
    return by_version != 0 ? by_version < 0 : a < b;
  });
  Blobs result;
  result.number_of_kernel.resize(kernels.size());
  std::multimap<ContentId, std::size_t> known;
  for (const std::size_t index : order) {
    const std::span<const std::byte> btf = kernels[index]->btf;
    const ContentId id = content_id_of(btf);
    const auto [begin, end] = known.equal_range(id);
    const auto same = std::find_if(begin, end, [&](const auto& entry) {
      return std::ranges::equal(result.blobs[entry.second], btf);
    });
    if (same != end) {
      result.number_of_kernel[index] = same->second;
      continue;
    }
    result.number_of_kernel[index] = result.blobs.size();
    known.emplace(id, result.blobs.size());
    result.blobs.push_back(btf);
  }
  return result;
}

std::vector<std::byte> strings_section(const std::set<std::string_view>& strings) {
  std::uint64_t size = 0;
  for (const std::string_view string : strings) {
    size += string.size() + 1;
  }
  const std::size_t width = width_for(size);
  Bytes section;
  section.number(strings.size(), 4);
  section.number(width, 1);
  section.number(0, 3);
  std::uint64_t offset = 0;
  for (const std::string_view string : strings) {
    section.number(offset, width);
    offset += string.size() + 1;
  }
  section.number(offset, width);
  for (const std::string_view string : strings) {
    section.append(string);
    section.number(0, 1);
  }
  return std::move(section).take();
}

std::vector<std::byte> kernels_section(const std::vector<const BtfsKernel*>& kernels,
                                       const std::set<std::string_view>& strings,
                                       const Blobs& blobs) {
  std::map<std::string_view, std::size_t> number_of_string;
  for (const std::string_view string : strings) {
    number_of_string.emplace(string, number_of_string.size());
  }
  const std::size_t string_width = width_for(strings.size());
  const std::size_t blob_width = width_for(blobs.blobs.size());
  Bytes section;
  section.number(kernels.size(), 4);
  section.number(string_width, 1);
  section.number(blob_width, 1);
  section.number(0, 2);
  for (const auto column : {&KernelIdentity::distro, &KernelIdentity::release,
                            &KernelIdentity::arch, &KernelIdentity::kernel_release}) {
    for (const BtfsKernel* kernel : kernels) {
      section.number(number_of_string.at(kernel->identity.*column), string_width);
    }
  }
  for (const std::size_t blob : blobs.number_of_kernel) {
    section.number(blob, blob_width);
  }
  return std::move(section).take();
}

std::uint64_t units_of(std::span<const std::byte> blob) {
  return (blob.size() + 7) / 8;
}

Result<std::vector<std::byte>> blob_table_section(const Blobs& blobs) {
  std::uint64_t units = 0;
  for (const auto& blob : blobs.blobs) {
    units += units_of(blob);
  }
  if (units > UINT32_MAX) {
    return fail("more than 32 GiB of different BTF do not fit into a .btfs file");
  }
  const std::size_t width = width_for(units);
  Bytes section;
  section.number(blobs.blobs.size(), 4);
  section.number(width, 1);
  section.number(0, 3);
  std::uint64_t offset = 0;
  for (const auto& blob : blobs.blobs) {
    section.number(offset, width);
    offset += units_of(blob);
  }
  section.number(offset, width);
  for (const auto& blob : blobs.blobs) {
    section.number(units_of(blob) * 8 - blob.size(), 1);
  }
  return std::move(section).take();
}

std::vector<std::byte> blobs_section(const Blobs& blobs) {
  Bytes section;
  for (const auto& blob : blobs.blobs) {
    section.append(blob);
    section.pad();
  }
  return std::move(section).take();
}

constexpr std::array<std::uint64_t, 256> crc_table() {
  std::array<std::uint64_t, 256> table{};
  for (std::uint64_t i = 0; i < table.size(); ++i) {
    std::uint64_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = value >> 1 ^ ((value & 1) != 0 ? 0xc96c5795d7870f42 : 0);
    }
    table[i] = value;
  }
  return table;
}

void put_number(std::span<std::byte> bytes, std::size_t offset, std::uint64_t value,
                std::size_t width) {
  for (std::size_t i = 0; i < width; ++i) {
    bytes[offset + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
  }
}

}  // namespace

Result<void> check_btfs_names(const KernelIdentity& identity) {
  for (const std::string* name :
       {&identity.distro, &identity.release, &identity.arch, &identity.kernel_release}) {
    if (auto checked = check_name(*name); !checked) {
      return checked;
    }
  }
  return {};
}

std::uint64_t btfs_checksum(std::span<const std::byte> file) {
  static constexpr std::array<std::uint64_t, 256> kTable = crc_table();
  std::uint64_t crc = ~std::uint64_t{0};
  for (std::size_t at = 0; at < file.size(); ++at) {
    const bool is_checksum = at - BTFBATCH_BTFS_CHECKSUM_OFFSET < 8;
    const auto byte = is_checksum ? std::uint64_t{0} : std::to_integer<std::uint64_t>(file[at]);
    crc = crc >> 8 ^ kTable[(crc ^ byte) & 0xff];
  }
  return ~crc;
}

void seal_btfs(std::span<std::byte> file, const BtfsSeal& seal) {
  put_number(file, 16, file.size(), 8);
  put_number(file, 24, seal.payload_size, 8);
  put_number(file, 32, seal.compression, 4);
  put_number(file, BTFBATCH_BTFS_CHECKSUM_OFFSET, btfs_checksum(file), 8);
}

Result<std::vector<std::byte>> write_btfs(std::span<const BtfsKernel> kernels,
                                          ContentId fingerprint) {
  const auto sorted = sort_kernels(kernels);
  if (!sorted) {
    return std::unexpected(sorted.error());
  }
  std::set<std::string_view> strings;
  for (const BtfsKernel* kernel : *sorted) {
    const KernelIdentity& identity = kernel->identity;
    strings.insert({identity.distro, identity.release, identity.arch, identity.kernel_release});
  }
  const Blobs blobs = number_blobs(*sorted);
  auto blob_table = blob_table_section(blobs);
  if (!blob_table) {
    return std::unexpected(blob_table.error());
  }
  const std::array<std::vector<std::byte>, 4> sections = {
      strings_section(strings), kernels_section(*sorted, strings, blobs), std::move(*blob_table),
      blobs_section(blobs)};

  Bytes file;
  file.append(std::string_view(BTFBATCH_BTFS_MAGIC, 8));
  file.number(BTFBATCH_BTFS_MAJOR, 2);
  file.number(BTFBATCH_BTFS_MINOR, 2);
  file.number(BTFBATCH_BTFS_HEADER_SIZE, 4);
  file.zeros(8 + 8 + 4);  // sealed below
  file.number(sections.size(), 4);
  for (const std::uint64_t half : {fingerprint.high, fingerprint.low}) {
    file.number(std::byteswap(half), 8);
  }
  file.zeros(8 + 8);
  std::uint64_t offset = sections.size() * BTFBATCH_BTFS_SECTION_ENTRY_SIZE;
  std::uint32_t type = BTFBATCH_SECTION_STRINGS;
  for (const auto& section : sections) {
    file.number(type++, 4);
    file.number(0, 4);
    file.number(offset, 8);
    file.number(section.size(), 8);
    offset += (section.size() + 7) / 8 * 8;
  }
  for (const auto& section : sections) {
    file.append(section);
    file.pad();
  }
  std::vector<std::byte> bytes = std::move(file).take();
  seal_btfs(bytes, {.compression = BTFBATCH_STORED,
                    .payload_size = bytes.size() - BTFBATCH_BTFS_HEADER_SIZE});
  return bytes;
}

}  // namespace btfbatch
