// Writes the .btfs file, whose format core/find/btfbatch_find.h owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/content_id.h"
#include "core/error.h"
#include "core/kernel_identity.h"

namespace btfbatch {

// One kernel of the file. The bytes are borrowed for the time of the call; kernels whose bytes are
// equal share them in the file, however often they are given.
struct BtfsKernel {
  KernelIdentity identity;
  std::span<const std::byte> btf;
};

// The file, stored (not compressed). `fingerprint` is that of the object set; zero where it is not
// known. The order of the kernels makes no difference. A kernel that is given twice counts once;
// fails where its bytes differ, where a name is longer than 255 bytes or has a '/' or a control
// character in it, and where it would get larger than the format's 32 GiB of blobs. Thread-safe.
[[nodiscard]] Result<std::vector<std::byte>> write_btfs(std::span<const BtfsKernel> kernels,
                                                        ContentId fingerprint);

// Why a kernel of these names cannot be in a .btfs file; nothing where it can. Thread-safe.
[[nodiscard]] Result<void> check_btfs_names(const KernelIdentity& identity);

// What the header is sealed with.
struct BtfsSeal {
  std::uint32_t compression = 0;   // BTFBATCH_STORED or BTFBATCH_ZSTD
  std::uint64_t payload_size = 0;  // bytes, once decompressed
};

// Puts the size of `file`, what `seal` tells and the checksum into the header that `file` begins
// with.
void seal_btfs(std::span<std::byte> file, const BtfsSeal& seal);

// CRC-64/XZ of the file, its checksum field taken as zeros.
[[nodiscard]] std::uint64_t btfs_checksum(std::span<const std::byte> file);

}  // namespace btfbatch
