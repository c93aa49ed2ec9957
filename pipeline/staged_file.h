// One file that is to replace another, whole or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "core/error.h"
#include "pipeline/file.h"

namespace btfbatch {

// A new file beside the one that it is to replace, ".NAME.btfbatch-staging". It is removed at the
// end of its life, unless place() has given it its final name; what a killed run leaves, the next
// one takes over. Not to be used from two threads at once.
class StagedFile {
 public:
  // Makes the file in the folder of `path`, which must exist; links at `path` are followed, so that
  // what they lead to is replaced. Fails, naming the path, where that is no regular file, the
  // folder cannot be written, or another process is just writing the same file.
  [[nodiscard]] static Result<StagedFile> make(const std::filesystem::path& path);

  // Appends.
  [[nodiscard]] Result<void> write(std::span<const std::byte> bytes);

  // Writes over bytes that were written before.
  [[nodiscard]] Result<void> write_at(std::uint64_t offset, std::span<const std::byte> bytes);

  // Where the bytes lie until place() is called.
  [[nodiscard]] const std::filesystem::path& temporary() const { return temporary_; }

  // Bytes written so far.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  // Makes the bytes reach the disk; to be called when all are written.
  [[nodiscard]] Result<void> sync();

  // Gives it the final name, in one step.
  [[nodiscard]] Result<void> place();

  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&&) = delete;
  ~StagedFile();

 private:
  StagedFile() = default;

  [[nodiscard]] Result<void> open_and_lock();

  std::filesystem::path path_;       // to be replaced
  std::filesystem::path temporary_;  // empty once placed or moved from
  UniqueFd fd_;
  std::uint64_t size_ = 0;
};

}  // namespace btfbatch
