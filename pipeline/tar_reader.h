// The members of a tar, one after the other.
#pragma once

#include <archive.h>

#include <cstdint>
#include <optional>
#include <string>

#include "core/error.h"
#include "pipeline/buffer.h"
#include "pipeline/expander.h"

namespace btfbatch {

// What a tar says of a member. Names and link targets are foreign text: never paths to follow.
struct TarMember {
  enum class Type : std::uint8_t { kFile, kDirectory, kSymlink, kHardlink, kOther };

  std::string name;
  Type type = Type::kOther;
  std::uint64_t size = 0;   // bytes that the tar claims
  std::string link_target;  // of links
};

// Reads a tar as a stream, once, front to back. Not to be used from two threads at once.
class TarReader {
 public:
  // `expander` is borrowed and must outlive the reader.
  explicit TarReader(Expander& expander);

  // The next member, or nothing at the end; the compressed stream has then been read to its end
  // too, and is whole. Fails where it is not, and where the content is no tar.
  [[nodiscard]] Result<std::optional<TarMember>> next();

  // Appends the content of the member that next() returned last. At most `max_size` bytes, both as
  // the tar claims and as they come; holes in a sparse file are filled with zeros.
  [[nodiscard]] Result<void> read(Buffer& content, std::uint64_t max_size);

  // Appends the content only where its first bytes are those of a BTF or an ELF file, and says
  // whether they are.
  [[nodiscard]] Result<bool> read_if_btf(Buffer& content, std::uint64_t max_size);

  // Whether next() failed since the content is something else than a tar.
  [[nodiscard]] bool found_no_tar() const { return found_no_tar_; }

  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;
  ~TarReader() = default;

 private:
  static la_ssize_t read_more(archive* a, void* self, const void** block);
  [[nodiscard]] Result<void> open();
  [[nodiscard]] Result<bool> read_where(Buffer& content, std::uint64_t max_size, bool only_btf);
  [[nodiscard]] Error describe_failure();
  [[nodiscard]] Error too_large(std::uint64_t size, std::uint64_t max_size) const;

  Expander& expander_;
  std::optional<Error> expander_error_;
  bool found_no_tar_ = false;
  std::string name_;                // of the current member
  std::uint64_t claimed_size_ = 0;  // of the current member
  ArchiveHandle archive_;           // nullptr until the first next()
};

}  // namespace btfbatch
