// A file without a name, for what does not fit in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "core/error.h"
#include "pipeline/file.h"

namespace btfbatch {

// Has no name from its first moment on, so that nothing of it is left however the process ends.
// append() is not to be called from two threads at once; read() may, of what was appended before.
class ScratchFile {
 public:
  // In `folder`, which must exist and be writable. Errors name it.
  [[nodiscard]] static Result<ScratchFile> make(const std::filesystem::path& folder);

  // Returns where the bytes begin.
  [[nodiscard]] Result<std::uint64_t> append(std::span<const std::byte> bytes);

  [[nodiscard]] Result<std::vector<std::byte>> read(std::uint64_t offset, std::size_t size) const;

 private:
  UniqueFd fd_;
  std::uint64_t size_ = 0;
};

}  // namespace btfbatch
