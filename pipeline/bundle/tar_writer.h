// Writes a tar, compressed, that is the same bytes wherever and whenever it is made.
#pragma once

#include <archive.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/error.h"

namespace btfbatch {

enum class TarCompression : std::uint8_t { kNone, kGzip, kXz, kZstd };

// GNU's tar format, which also the plainest readers know: names of up to 99 bytes lie in the
// member's own header. Every member has mode 0644 (folders 0755), the time 0, user and group 0
// without names. Compression: gzip 9 without time and name, xz 6 (as `tar cJ`), zstd 19. The same
// calls give the same bytes with the same versions of libarchive and of the compressors.
//
// Not to be used from two threads at once.
class TarWriter {
 public:
  // Takes the next bytes of the file.
  using Sink = std::function<Result<void>(std::span<const std::byte>)>;

  TarWriter(TarCompression compression, Sink sink);

  // Members, in the order of the calls. Errors are the sink's, or libarchive's in words.
  [[nodiscard]] Result<void> add_file(const std::string& name, std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> add_hardlink(const std::string& name, const std::string& target);
  [[nodiscard]] Result<void> add_symlink(const std::string& name, const std::string& target);
  [[nodiscard]] Result<void> add_folder(const std::string& name);

  // Ends the file. To be called once, last.
  [[nodiscard]] Result<void> finish();

  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;
  ~TarWriter() = default;

 private:
  struct Free {
    void operator()(archive* a) const { archive_write_free(a); }
  };

  static la_ssize_t write_more(archive* a, void* self, const void* bytes, std::size_t size);
  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<void> add(archive_entry* entry, std::span<const std::byte> bytes);
  [[nodiscard]] Error failure();

  TarCompression compression_;
  Sink sink_;
  std::optional<Error> sink_failure_;
  std::unique_ptr<archive, Free> archive_;  // made by the first call; last, for it still writes
};

}  // namespace btfbatch
