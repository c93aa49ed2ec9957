#include "pipeline/staged_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "pipeline/read_write.h"

namespace btfbatch {

Result<StagedFile> StagedFile::make(const std::filesystem::path& path) {
  StagedFile staged;
  std::error_code error;
  staged.path_ = resolve_place(path, error);
  if (error) {
    return fail(fmt::format("{}: {}", path.string(), error.message()));
  }
  const auto type = std::filesystem::status(staged.path_, error).type();
  if (type != std::filesystem::file_type::not_found &&
      type != std::filesystem::file_type::regular) {
    return fail(fmt::format("{}: is there already, and is no regular file", path.string()));
  }
  staged.temporary_ = staged.path_.parent_path() /
                      fmt::format(".{}.btfbatch-staging", staged.path_.filename().string());
  if (Result<void> locked = staged.open_and_lock(); !locked) {
    staged.temporary_.clear();  // not ours to remove
    return fail_within(path.string(), std::move(locked).error());
  }
  return staged;
}

Result<void> StagedFile::open_and_lock() {
  while (true) {
    fd_ = UniqueFd(open(temporary_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (fd_.get() < 0) {
      return fail(fmt::format("cannot be created: {}", errno_text(errno)));
    }
    if (flock(fd_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      return fail("another btfbatch is just writing it");
    }
    // Who held the lock may have placed or removed the file in the meantime.
    struct stat locked{};
    struct stat named{};
    if (fstat(fd_.get(), &locked) == 0 && stat(temporary_.c_str(), &named) == 0 &&
        locked.st_dev == named.st_dev && locked.st_ino == named.st_ino) {
      break;
    }
  }
  if (ftruncate(fd_.get(), 0) != 0) {
    return fail(fmt::format("cannot be written: {}", errno_text(errno)));
  }
  return {};
}

Result<void> StagedFile::write(std::span<const std::byte> bytes) {
  size_ += bytes.size();
  if (Result<void> written = write_all(fd_, bytes); !written) {
    return fail_within(path_.string(), std::move(written).error());
  }
  return {};
}

Result<void> StagedFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  if (Result<void> written = write_all_at(fd_, offset, bytes); !written) {
    return fail_within(path_.string(), std::move(written).error());
  }
  return {};
}

Result<void> StagedFile::sync() {
  if (fsync(fd_.get()) != 0) {
    return fail(fmt::format("{}: cannot be written: {}", path_.string(), errno_text(errno)));
  }
  return {};
}

Result<void> StagedFile::place() {
  std::error_code error;
  std::filesystem::rename(temporary_, path_, error);
  if (error) {
    return fail(fmt::format("{}: cannot be replaced: {}", path_.string(), error.message()));
  }
  temporary_.clear();
  return sync_path(path_.parent_path());
}

StagedFile::StagedFile(StagedFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)),
      size_(other.size_) {}

StagedFile::~StagedFile() {
  if (!temporary_.empty()) {
    std::error_code error;
    std::filesystem::remove(temporary_, error);
  }
}

}  // namespace btfbatch
