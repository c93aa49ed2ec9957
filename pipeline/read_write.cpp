#include "pipeline/read_write.h"

#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

namespace btfbatch {
namespace {

// Calls `transfer(done)`, which moves some bytes behind the `done` first ones and says how many,
// until all `size` are moved or there are no more; how many were. Sets errno where it fails.
template <class Transfer>
Result<std::size_t> transfer_all(std::size_t size, const char* what, const Transfer& transfer) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t moved = transfer(done);
    if (moved < 0 && errno == EINTR) {
      continue;
    }
    if (moved < 0) {
      return fail(fmt::format("cannot be {}: {}", what, errno_text(errno)));
    }
    if (moved == 0) {
      break;
    }
    done += static_cast<std::size_t>(moved);
  }
  return done;
}

// write(2) moves at least one byte of several, or fails.
Result<void> without_count(const Result<std::size_t>& written) {
  return written ? Result<void>() : std::unexpected(written.error());
}

}  // namespace

Result<std::size_t> read_all(const UniqueFd& fd, std::span<std::byte> bytes) {
  return transfer_all(bytes.size(), "read", [&](std::size_t done) {
    return read(fd.get(), bytes.data() + done, bytes.size() - done);
  });
}

Result<std::size_t> read_all_at(const UniqueFd& fd, std::uint64_t offset,
                                std::span<std::byte> bytes) {
  return transfer_all(bytes.size(), "read", [&](std::size_t done) {
    return pread(fd.get(), bytes.data() + done, bytes.size() - done,
                 static_cast<off_t>(offset + done));
  });
}

Result<void> write_all(const UniqueFd& fd, std::span<const std::byte> bytes) {
  return without_count(transfer_all(bytes.size(), "written", [&](std::size_t done) {
    return write(fd.get(), bytes.data() + done, bytes.size() - done);
  }));
}

Result<void> write_all_at(const UniqueFd& fd, std::uint64_t offset,
                          std::span<const std::byte> bytes) {
  return without_count(transfer_all(bytes.size(), "written", [&](std::size_t done) {
    return pwrite(fd.get(), bytes.data() + done, bytes.size() - done,
                  static_cast<off_t>(offset + done));
  }));
}

}  // namespace btfbatch
