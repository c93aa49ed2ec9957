// Makes tars and compressed files in memory, honest ones and hostile ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace btfbatch::test {

enum class Compression : std::uint8_t { kNone, kXz, kZstd, kGzip, kBzip2 };

struct TarMember {
  enum class Type : std::uint8_t { kFile, kDirectory, kSymlink, kHardlink, kDevice, kFifo };

  std::string name;
  std::string content{};  // of a file; of a link, where it leads
  Type type = Type::kFile;
};

// The bytes of a tar that holds `members` in the order given. Names are written as they are,
// absolute and "../" ones too.
[[nodiscard]] std::string make_tar(const std::vector<TarMember>& members,
                                   Compression compression = Compression::kNone);

// What `make_tar` makes of one file: the form of nearly every kernel of BTFHub.
[[nodiscard]] std::string make_kernel_tar(std::string_view name, std::string_view content,
                                          Compression compression = Compression::kXz);

// `content` compressed, with no tar around it.
[[nodiscard]] std::string compress(std::string_view content, Compression compression);

}  // namespace btfbatch::test
