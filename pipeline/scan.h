// What an archive holds: kernels, other names for them, and what is no kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/kernel_identity.h"
#include "pipeline/buffer.h"
#include "pipeline/filter.h"
#include "pipeline/run.h"
#include "pipeline/stop_signal.h"

namespace btfbatch {

class PackedKernel;

// One kernel that the filters let through.
struct Entry {
  std::string archive_path;
  std::string output_path;  // no two entries without a failure have the same, or one within another
  KernelIdentity identity;
  std::uint64_t compressed_size = 0;  // bytes
  std::filesystem::path file;         // where its content lies; empty where one of these has it:
  Buffer content;                     // of an entry of a tar
  std::shared_ptr<const PackedKernel> packed;  // of an entry of a pack: what decodes it
  std::optional<Error> failure;  // why it cannot be unpacked, where the scan knows already
  // `failure` is of the content, not of what the scan saw: an earlier reading told it to a pack.
  bool failed_when_read = false;
};

// What the scan met besides.
struct Findings {
  std::vector<Alias> aliases;        // in archive paths; sorted by path
  std::vector<std::string> ignored;  // sorted
  std::size_t filtered_out = 0;
};

// What becomes of a kernel whose output path cannot be, or is that of an earlier kernel.
enum class Clashes : bool {
  kFail,    // an entry with a failure
  kIgnore,  // nothing: no output is made
};

struct ScanOptions {
  Filter filter;
  std::uint64_t max_btf_size;  // bytes; what is larger in a tar is not kept in memory
  StopSignal* stop = nullptr;
  Clashes clashes = Clashes::kFail;
};

// An archive, opened. Its forms are a directory tree (or one kernel's file), sorted by path, a tar
// of such a tree and a pack, in their own order. Not to be used from two threads at once.
class Archive {
 public:
  virtual ~Archive() = default;

  // How many entries next() will give, where that is known before; 0 where not.
  [[nodiscard]] virtual std::size_t entry_count() const = 0;

  // The next entry; nothing at the end. What cannot be read is an entry with a failure.
  [[nodiscard]] virtual std::optional<Entry> next() = 0;

  // To be asked once, after next() has returned nothing.
  [[nodiscard]] virtual Findings findings() = 0;
};

// Opens a directory, a tar of one, a pack (pipeline/pack), or a single kernel's file. A file is
// taken for one kernel where it is BTF or ELF, or is named like one ("5.4.btf.tar.xz",
// "vmlinux-5.4.tar.gz").
//
// In a directory: hidden names are passed over; a symbolic link to a folder or a kernel of the
// archive is an alias; one that leads elsewhere is followed, and each folder is visited once; one
// that leads to a folder it lies in is ignored. In a tar: one folder around the whole tree (as `tar
// c archive/` makes it) is left out of the paths.
//
// Fails where the path does not exist or is none of these.
[[nodiscard]] Result<std::unique_ptr<Archive>> open_archive(const std::filesystem::path& path,
                                                            ScanOptions options);

// Says that an archive came to no entry at all.
[[nodiscard]] Error no_kernel_in(const std::filesystem::path& archive, std::size_t filtered_out);

}  // namespace btfbatch
