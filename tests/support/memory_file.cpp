#include "tests/support/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

namespace btfbatch::test {

MemoryFile::MemoryFile(std::span<const std::byte> content)
    : fd_(memfd_create("btfbatch-test", MFD_CLOEXEC)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
  path_ = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_);
  while (!content.empty()) {
    const auto written = write(fd_, content.data(), content.size());
    if (written < 0) throw std::system_error(errno, std::generic_category(), "write to " + path_);
    content = content.subspan(static_cast<std::size_t>(written));
  }
}

MemoryFile::~MemoryFile() {
  if (fd_ >= 0) close(fd_);
}

MemoryFile::MemoryFile(MemoryFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

std::vector<std::byte> MemoryFile::content() const {
  return read_bytes(path_);
}

std::vector<std::byte> read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::system_error(errno, std::generic_category(), "open " + path);
  std::vector<std::byte> bytes;
  char chunk[1 << 16];
  while (file.read(chunk, sizeof chunk) || file.gcount() > 0) {
    const auto* begin = reinterpret_cast<const std::byte*>(chunk);
    bytes.insert(bytes.end(), begin, begin + file.gcount());
  }
  return bytes;
}

}  // namespace btfbatch::test
