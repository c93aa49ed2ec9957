// hub.btfpack: a whole archive of kernel BTF in one file, losslessly.
//
// Kernels of one series differ little. So each distinct BTF is a blob that is coded by itself
// (whole) or against another blob, its base (core/pack/delta.h); a whole blob and all that leads
// back to it by bases is a series. The file is made to be read in place, at any offset, and to lose
// little when it is damaged: each blob has a checksum, the BTF that comes of it has another, and
// the index, without which nothing can be found, is there twice, at the beginning, where a file
// that was cut short still has it, and at the end.
//
//   header | index | blobs | index | header
//
// All numbers are little-endian. A text is a pair of u32, its offset in the string section of the
// index and its length in bytes; it may hold any bytes. What is marked "0" is written as zero and
// refused otherwise. Readers refuse another format version: fields are added with a new one.
//
//   header, 80 bytes; the one at the end has the same bytes
//      0  8  "BTFPACK" and a NUL
//      8  4  format version: 2
//     12  4  size of the header: 80
//     16  8  size of the file
//     24  8  size of the index, a multiple of 8
//     32 16  XXH3-128 of the index: the high 64 bits, then the low ones
//     48 16  XXH3-128 of everything between the two indexes
//     64  8  0
//     72  8  low 64 bits of the XXH3-128 of the 72 bytes before it
//
//   index, 8-byte aligned in the file
//      0  4  number of blobs
//      4  4  number of kernels
//      8  4  number of failures
//     12  4  number of aliases
//     16  4  number of ignored files
//     20  4  size of the string section
//     24     blobs, kernels, failures, aliases, ignored files, string section, zeros to a multiple
//            of 8
//
//   blob, 64 bytes; a base stands before what is coded against it
//      0  8  offset, from the end of the first index
//      8  8  size
//     16  8  size of the BTF
//     24 16  XXH3-128 of the BTF
//     40  8  low 64 bits of the XXH3-128 of the blob
//     48  4  number of its base; 0xffffffff: coded by itself
//     52  4  coding: 0 by itself, 1 against its base. docs/pack-format.md says what its bytes are
//     56  8  0
//
//   kernel, 40 bytes; sorted by path. Distro, release, arch and kernel release follow from the path
//   as core/kernel_identity.h has it.
//      0  8  path in the archive that was packed (text)
//      8  4  number of its blob; kernels with the same BTF have the same
//     12  4  0
//     16  8  size of its file in that archive
//     24 16  XXH3-128 of that file, by which later runs know it
//
//   failure, 32 bytes; sorted by path: what seems to be a kernel and could not be read. A run from
//   the pack tells it as a run from the archive does.
//      0  8  path (text)
//      8  8  reason (text)
//     16  8  size of its file
//     24  4  1 where it was clear before the file was opened (empty, dangling link), else 0
//     28  4  0
//
//   alias, 24 bytes; sorted by path: another path to a kernel, or to a folder of kernels
//      0  8  path (text)
//      8  8  path of what it leads to (text)
//     16  4  1 for a folder, else 0
//     20  4  0
//
//   ignored file, 8 bytes; sorted: path of a file that is no kernel (text)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/content_id.h"
#include "core/error.h"
#include "pipeline/run.h"

namespace btfbatch {

inline constexpr std::uint32_t kPackVersion = 2;
inline constexpr std::size_t kPackHeaderSize = 80;
inline constexpr std::uint64_t kLargestPackIndex = std::uint64_t{1} << 30;
// How many bases may stand between a blob and the one that is coded by itself, and how large a base
// may be: what a reader has to be ready for.
inline constexpr std::uint32_t kDeepestBlob = 8;
inline constexpr std::uint64_t kLargestBase = 64ULL << 20;  // bytes of BTF

struct PackHeader {
  std::uint64_t file_size = 0;
  std::uint64_t index_size = 0;
  ContentId index_checksum{};
  ContentId blobs_checksum{};

  [[nodiscard]] std::uint64_t blobs_begin() const { return kPackHeaderSize + index_size; }
  [[nodiscard]] std::uint64_t blobs_size() const { return file_size - 2 * blobs_begin(); }
};

struct PackBlob {
  std::uint64_t offset = 0;  // from PackHeader::blobs_begin()
  std::uint64_t size = 0;
  std::uint64_t btf_size = 0;
  ContentId id{};              // of the BTF
  std::uint64_t checksum = 0;  // of the blob
  std::optional<std::uint32_t> base{};
};

struct PackKernel {
  std::string path;
  std::uint32_t blob = 0;
  std::uint64_t compressed_size = 0;
  ContentId source_hash;
};

struct PackFailure {
  std::string path;
  std::string reason;
  std::uint64_t compressed_size = 0;
  bool seen_by_scan = false;
};

struct PackIndex {
  std::vector<PackBlob> blobs;
  std::vector<PackKernel> kernels;
  std::vector<PackFailure> failures;
  std::vector<Alias> aliases;
  std::vector<std::string> ignored;

  // How many bases stand between a blob and the one of its series that is coded by itself.
  [[nodiscard]] std::uint32_t depth(std::uint32_t blob) const;
};

// What PackBlob::checksum is: of a blob as it lies in the file.
[[nodiscard]] std::uint64_t blob_checksum(std::span<const std::byte> blob);

// Whether `bytes` begin with the magic, as the first 8 bytes of a pack do.
[[nodiscard]] bool has_pack_magic(std::span<const std::byte> bytes);

// kPackHeaderSize bytes.
[[nodiscard]] std::vector<std::byte> encode_pack_header(const PackHeader& header);

// Fails where the bytes are not a header of this version, or its sizes contradict each other. The
// file may still be shorter than the header says.
[[nodiscard]] Result<PackHeader> decode_pack_header(std::span<const std::byte> bytes);

// The texts of one index come to less than 4 GiB; so they do for any archive that exists.
[[nodiscard]] std::vector<std::byte> encode_pack_index(const PackIndex& index);

// Checks everything that the essay above promises, so that no number in the result has to be
// checked again. A path may be anything. `blobs_size` is that of all blobs together.
[[nodiscard]] Result<PackIndex> decode_pack_index(std::span<const std::byte> bytes,
                                                  std::uint64_t blobs_size);

}  // namespace btfbatch
