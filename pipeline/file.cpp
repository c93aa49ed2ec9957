#include "pipeline/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "pipeline/read_write.h"

namespace btfbatch {

UniqueFd::~UniqueFd() {
  if (fd_ >= 0) {
    close(fd_);
  }
}

std::string errno_text(int error_number) {
  return std::generic_category().message(error_number);
}

Result<OpenFile> open_regular_file(const std::filesystem::path& path, std::uint64_t max_size) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  if (fd.get() < 0) {
    return fail(fmt::format("cannot be opened: {}", errno_text(errno)));
  }
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) {
    return fail(fmt::format("cannot be examined: {}", errno_text(errno)));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(S_ISDIR(status.st_mode) ? "is a folder, not a file" : "is not a regular file");
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > max_size) {
    return fail(fmt::format("has {} bytes, more than the {} allowed", size, max_size));
  }
  return OpenFile{.fd = std::move(fd), .size = size};
}

Result<std::string> read_file(const std::filesystem::path& path, std::uint64_t max_size) {
  const Result<OpenFile> file = open_regular_file(path, max_size);
  if (!file) {
    return std::unexpected(file.error());
  }
  // Not filled with zeros first: where nothing has changed, reading is most of what a run does.
  std::string content;
  Result<std::size_t> filled = 0;
  content.resize_and_overwrite(file->size, [&](char* bytes, std::size_t size) {
    filled = read_all(file->fd, std::as_writable_bytes(std::span(bytes, size)));
    return filled.value_or(0);
  });
  if (!filled) {
    return std::unexpected(std::move(filled).error());
  }
  return content;
}

Result<void> write_new_file(const std::filesystem::path& path, std::span<const std::byte> bytes,
                            Sync sync) {
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (fd.get() < 0) {
    return fail(fmt::format("cannot create {}: {}", path.string(), errno_text(errno)));
  }
  if (Result<void> written = write_all(fd, bytes); !written) {
    return fail_within(path.string(), std::move(written).error());
  }
  if (sync == Sync::kYes && fsync(fd.get()) != 0) {
    return fail(fmt::format("{}: cannot be written: {}", path.string(), errno_text(errno)));
  }
  return {};
}

Result<void> sync_path(const std::filesystem::path& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  // EINVAL: a file system that has nothing to sync.
  if (fd.get() < 0 || (fsync(fd.get()) != 0 && errno != EINVAL)) {
    return fail(fmt::format("cannot sync {}: {}", path.string(), errno_text(errno)));
  }
  return {};
}

std::filesystem::path resolve_place(const std::filesystem::path& path, std::error_code& error) {
  // Of a name of which nothing exists, weakly_canonical() would leave a relative path.
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? std::filesystem::path() : std::filesystem::weakly_canonical(absolute, error);
}

bool is_within(const std::filesystem::path& path, const std::filesystem::path& folder) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

Result<void> check_place_of_new_file(const std::filesystem::path& file,
                                     const std::filesystem::path& archive) {
  if (file == "-") {
    return fail("is no file's name; standard output is for the summary");
  }
  std::error_code error;
  if (std::filesystem::is_other(std::filesystem::status(file, error))) {
    return fail("is there already, and is no regular file");
  }
  const std::filesystem::path place = resolve_place(file, error);
  if (error) {
    return fail(error.message());
  }
  const std::filesystem::path folder = place.parent_path();
  if (!std::filesystem::is_directory(folder, error)) {
    return fail(fmt::format("there is no folder {}; make it first", folder.string()));
  }
  if (access(folder.c_str(), W_OK) != 0) {
    return fail(
        fmt::format("the folder {} cannot be written: {}", folder.string(), errno_text(errno)));
  }
  if (std::filesystem::is_directory(place, error)) {
    return fail("is a folder");
  }
  const std::filesystem::path source = resolve_place(archive, error);
  if (error || source.empty() || !is_within(place, source)) {
    return {};
  }
  return fail(std::filesystem::is_directory(source, error)
                  ? fmt::format("lies inside of the archive {}: the next run would take it for a "
                                "kernel",
                                archive.string())
                  : "would take the place of the archive itself");
}

}  // namespace btfbatch
