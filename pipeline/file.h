// Files and what the system says about them, as Results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/error.h"

namespace btfbatch {

// Owns a file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd();

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// "No such file or directory" for ENOENT. Thread-safe.
[[nodiscard]] std::string errno_text(int error_number);

// A regular file of at most `max_size` bytes, opened for reading, and its size in bytes. Never
// waits, as opening a FIFO would; what is no regular file is an error. Errors do not carry the
// path.
struct OpenFile {
  UniqueFd fd;
  std::uint64_t size = 0;
};
[[nodiscard]] Result<OpenFile> open_regular_file(
    const std::filesystem::path& path,
    std::uint64_t max_size = std::numeric_limits<std::uint64_t>::max());

// The whole content of a regular file of at most `max_size` bytes.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::uint64_t max_size);

enum class Sync : bool { kNo, kYes };

// Writes a new file of mode 0644 less the umask; `path` must not exist yet. With Sync::kYes the
// bytes have reached the disk on return. Errors name the path.
[[nodiscard]] Result<void> write_new_file(const std::filesystem::path& path,
                                          std::span<const std::byte> bytes, Sync sync);

// Makes the names in a folder, or the bytes of a file, reach the disk. Errors name the path.
[[nodiscard]] Result<void> sync_path(const std::filesystem::path& path);

// The absolute path of what `path` names or is to name, all links followed as far as it exists.
// Sets `error` where that cannot be found out.
[[nodiscard]] std::filesystem::path resolve_place(const std::filesystem::path& path,
                                                  std::error_code& error);

// Whether `path` is `folder` or leads into it. Compares names alone: give canonical paths.
[[nodiscard]] bool is_within(const std::filesystem::path& path,
                             const std::filesystem::path& folder);

// What speaks against making a file: it or its folder is not what it must be, or it would lie in
// the archive, or take its place. Errors do not carry the path.
[[nodiscard]] Result<void> check_place_of_new_file(const std::filesystem::path& file,
                                                   const std::filesystem::path& archive);

// "bytes of" a text.
[[nodiscard]] inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace btfbatch
