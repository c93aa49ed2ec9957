// From an entry of the archive to the bytes of its BTF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "core/btf/view.h"
#include "core/error.h"
#include "pipeline/buffer.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {

// A BTF that is open already, with what it borrows; nullptr for none. Immutable.
using SharedView = std::shared_ptr<const BtfView>;

struct UnpackLimits {
  std::uint64_t max_btf_size;  // bytes
  StopSignal* stop = nullptr;  // ends the work with an error
};

// Puts the raw BTF of a kernel into `btf`, which is cleared first. The file is a tar of any
// compression, a compressed or plain BTF, or an ELF file with a .BTF section; what it is follows
// from its bytes, and its name only helps to word the error. Of a tar, the one member that is a
// stand-alone BTF is taken, whatever its name; split BTF of modules beside it is passed over, and
// so is everything that is no regular file.
//
// The whole file is read and its checksums are verified before anything is handed on. Thread-safe.
//
// Fails where the file cannot be read, is empty, truncated or corrupt, holds no stand-alone BTF or
// more than one, or holds more than max_btf_size.
[[nodiscard]] Result<void> unpack_file(const std::filesystem::path& file,
                                       const UnpackLimits& limits, Buffer& btf);

// The same for content that is in memory already. `name` is the file's.
[[nodiscard]] Result<void> unpack_bytes(std::span<const std::byte> content, std::string_view name,
                                        const UnpackLimits& limits, Buffer& btf);

}  // namespace btfbatch
