#include "pipeline/scan.h"

#include <fmt/format.h>

#include "pipeline/admission.h"
#include "pipeline/pack/scan_pack.h"
#include "pipeline/scan_directory.h"
#include "pipeline/scan_tar.h"

namespace btfbatch {
namespace {

// Whether a file is named like one kernel rather than like a tar of a tree: "5.4.btf.tar.xz",
// "vmlinux-5.4.tar.gz", but not "btfhub.tar.xz".
bool is_named_like_kernel(const std::filesystem::path& file) {
  const std::string name = file.filename().string();
  return name.contains(".btf") || name.starts_with("vmlinux");
}

}  // namespace

Result<std::unique_ptr<Archive>> open_archive(const std::filesystem::path& path,
                                              ScanOptions options) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return open_directory_archive(std::filesystem::canonical(path), std::move(options));
  }
  if (looks_like_pack(path)) {
    return open_pack_archive(path, std::move(options));
  }
  const Result<bool> is_btf = begins_like_btf(path);
  if (!is_btf) {
    return std::unexpected(is_btf.error());
  }
  if (*is_btf || is_named_like_kernel(path)) {
    return open_single_kernel(path, std::move(options));
  }
  return open_tar_archive(path, std::move(options));
}

Error no_kernel_in(const std::filesystem::path& archive, std::size_t filtered_out) {
  return Error{filtered_out == 0
                   ? fmt::format("archive {}: no kernel in it", archive.string())
                   : fmt::format("archive {}: the filters leave out all of its {} kernels",
                                 archive.string(), filtered_out)};
}

}  // namespace btfbatch
