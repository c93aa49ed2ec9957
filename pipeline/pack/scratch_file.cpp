#include "pipeline/pack/scratch_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

namespace btfbatch {

Result<ScratchFile> ScratchFile::make(const std::filesystem::path& folder) {
  ScratchFile scratch;
  scratch.fd_ = UniqueFd(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (scratch.fd_.get() < 0) {
    // Not every file system has O_TMPFILE.
    std::string name = (folder / ".btfbatch-scratch-XXXXXX").string();
    scratch.fd_ = UniqueFd(mkostemp(name.data(), O_CLOEXEC));
    if (scratch.fd_.get() < 0) {
      return fail(fmt::format("{}: cannot be written: {}", folder.string(), errno_text(errno)));
    }
    unlink(name.c_str());
  }
  return scratch;
}

Result<std::uint64_t> ScratchFile::append(std::span<const std::byte> bytes) {
  const std::uint64_t begin = size_;
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0) {
      return fail(fmt::format("temporary file: cannot be written: {}", errno_text(errno)));
    }
    size_ += static_cast<std::uint64_t>(put);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return begin;
}

Result<std::vector<std::byte>> ScratchFile::read(std::uint64_t offset, std::size_t size) const {
  std::vector<std::byte> bytes(size);
  std::span<std::byte> rest = bytes;
  while (!rest.empty()) {
    const ssize_t got = pread(fd_.get(), rest.data(), rest.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return fail(fmt::format("temporary file: cannot be read: {}",
                              got < 0 ? errno_text(errno) : std::string("ends too early")));
    }
    offset += static_cast<std::uint64_t>(got);
    rest = rest.subspan(static_cast<std::size_t>(got));
  }
  return bytes;
}

}  // namespace btfbatch
