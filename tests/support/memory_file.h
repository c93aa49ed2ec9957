// A file without a place in the file system, for programs and libraries that want a path.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace btfbatch::test {

// Lives as long as the process that made it holds it; children may open its path meanwhile.
class MemoryFile {
 public:
  // Throws std::system_error where the kernel gives no such file.
  explicit MemoryFile(std::span<const std::byte> content = {});
  ~MemoryFile();
  MemoryFile(MemoryFile&& other) noexcept;
  MemoryFile& operator=(MemoryFile&&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::vector<std::byte> content() const;

 private:
  int fd_;
  std::string path_;
};

// All of a file; throws std::system_error where it cannot be read.
[[nodiscard]] std::vector<std::byte> read_bytes(const std::string& path);

}  // namespace btfbatch::test
