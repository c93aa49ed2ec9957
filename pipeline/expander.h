// A file of the archive, expanded block by block.
#pragma once

#include <archive.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "pipeline/file.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {

struct FreeArchive {
  void operator()(archive* a) const { archive_read_free(a); }
};
using ArchiveHandle = std::unique_ptr<archive, FreeArchive>;

// Expands xz, lzma, zstd, gzip, bzip2 and lz4, and hands on what is not compressed as it is. What
// is inside does not matter here. Not to be used from two threads at once.
//
// Kept apart from the reading of tars because libarchive stops reading at a tar's end marker: the
// compressed stream's own checksum, and the bytes that a truncated file lacks, come after it. The
// caller reads until next() returns an empty block; only then is the content known to be whole.
class Expander {
 public:
  // How a run limits what it reads.
  struct Limits {
    std::uint64_t max_expanded;  // bytes; expanding to more is an error
    StopSignal* stop;            // ends the reading with an error; may be nullptr
  };

  // Expands the rest of an open file.
  [[nodiscard]] static Result<std::unique_ptr<Expander>> open(UniqueFd file, Limits limits);

  // Expands `bytes`, which are borrowed and must outlive the Expander.
  [[nodiscard]] static Result<std::unique_ptr<Expander>> open(std::span<const std::byte> bytes,
                                                              Limits limits);

  // The next block, valid until the next call. Empty at the end, whose integrity checks then have
  // passed. Errors say in plain words what is wrong with the file: truncated, corrupt, too large.
  [[nodiscard]] Result<std::span<const std::byte>> next();

  // The first block, which the first call of next() returns again. Empty where the content is.
  [[nodiscard]] Result<std::span<const std::byte>> peek();

  // "xz", "gzip", …; "none" where the file is not compressed.
  [[nodiscard]] const std::string& compression() const { return compression_; }

  Expander(const Expander&) = delete;
  Expander& operator=(const Expander&) = delete;
  ~Expander() = default;

 private:
  Expander(UniqueFd file, std::span<const std::byte> memory, Limits limits);
  static la_ssize_t read_more(archive* a, void* self, const void** block);
  static Result<std::unique_ptr<Expander>> start(std::unique_ptr<Expander> expander);
  [[nodiscard]] Result<std::span<const std::byte>> expand_block();
  void remember_tail(std::span<const std::byte> block);
  [[nodiscard]] Error describe_failure() const;
  // Compares the CRC-32 and the length at the end of a gzip file, which libarchive passes over.
  [[nodiscard]] Result<void> check_gzip_trailer() const;

  UniqueFd file_;
  std::vector<std::byte> input_;       // what was read of the file last
  std::span<const std::byte> memory_;  // or all of the input, until it was given away
  Limits limits_;
  std::string compression_ = "none";
  std::optional<std::span<const std::byte>> peeked_;
  std::uint64_t expanded_ = 0;
  unsigned long gzip_crc_ = 0;  // zlib's, of the expanded bytes
  bool is_gzip_ = false;
  std::array<std::byte, 8> tail_{};  // the last bytes of the input, up to one that is not zero
  std::size_t zeros_behind_tail_ = 0;
  int read_error_ = 0;     // errno of the file
  ArchiveHandle archive_;  // goes first: it refers to the above
};

}  // namespace btfbatch
