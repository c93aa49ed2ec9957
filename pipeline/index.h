// index.json: in the layout "indexed", the way from a kernel to its bytes.
//
//   format_version  1
//   kernels         by path; each {path, distro, release, arch, kernel, content_id, blob}, where
//                   `blob` is the file that holds the bytes: "blobs/CONTENT_ID.btf"
//   aliases         by path; each {path, target, is_directory}; paths as those of the kernels
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/content_id.h"
#include "core/error.h"
#include "core/kernel_identity.h"
#include "pipeline/manifest.h"
#include "pipeline/run.h"

namespace btfbatch {

struct IndexedKernel {
  std::string path;  // the one that it would have in another layout
  KernelIdentity identity;
  ContentId content_id;
  std::string blob;  // path of the file

  bool operator==(const IndexedKernel& other) const;
};

struct Index {
  std::vector<IndexedKernel> kernels;
  std::vector<Alias> aliases;

  bool operator==(const Index&) const = default;
};

// The text of index.json.
[[nodiscard]] std::string write_index(const Manifest& manifest);

// Reads what write_index wrote. Fails where it is not that; paths in it are checked to lie within
// the output.
[[nodiscard]] Result<Index> read_index(std::string_view text);

}  // namespace btfbatch
