#include "pipeline/pack/scratch_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "pipeline/read_write.h"

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
  if (Result<void> written = write_all_at(fd_, begin, bytes); !written) {
    return fail_within("temporary file", std::move(written).error());
  }
  size_ += bytes.size();
  return begin;
}

Result<std::vector<std::byte>> ScratchFile::read(std::uint64_t offset, std::size_t size) const {
  std::vector<std::byte> bytes(size);
  Result<std::size_t> got = read_all_at(fd_, offset, bytes);
  if (!got) {
    return fail_within("temporary file", std::move(got).error());
  }
  if (*got < size) {
    return fail("temporary file: cannot be read: ends too early");
  }
  return bytes;
}

}  // namespace btfbatch
