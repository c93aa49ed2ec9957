// Where a host's BTF is looked for: what a run has written, in any of its forms. The looking itself
// is libbtfbatch-find's (core/find/btfbatch_find.h), so that a program that links it and the
// command line never disagree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/find/btfbatch_find.h"

namespace btfbatch {

// A place's kernels as a stored .btfs file in memory.
struct StoredPlace {
  std::vector<std::byte> btfs;
  // The paths of its kernels by "distro/release/arch/kernel release".
  std::map<std::string, std::string, std::less<>> names;
  // Where several paths lead to one such key, with different BTF, and nothing says which is right:
  // all of them. What `btfs` has there is no BTF, and like no other.
  std::map<std::string, std::vector<std::string>, std::less<>> contested;
};

// An output folder of any layout, or a bundle, opened for finding. What is no plain tree is
// searched as a stored .btfs file in memory. Immutable; may be shared between threads.
class FindPlace {
 public:
  // `from` is a folder, a .btfs file, stored or compressed, or a tar in any compression. Fails,
  // naming the path, where it is something else, is damaged, or holds more than 1 GiB of BTF.
  [[nodiscard]] static Result<FindPlace> open(const std::filesystem::path& from);

  // btfbatch_find() or btfbatch_find_in_directory(). Also BTFBATCH_AMBIGUOUS where several entries
  // are for the kernel that was found, with different BTF: then `found` tells the kernel, and its
  // choices are the entries' names.
  [[nodiscard]] btfbatch_status find(const btfbatch_host& host, const btfbatch_options& options,
                                     btfbatch_result& found) const;

  // Whether what is found is a file: not so in a bundle.
  [[nodiscard]] bool has_files() const { return form_ == Form::kTree || form_ == Form::kIndexed; }

  // The path of the file that holds what was found; in a bundle, the name of the entry, such as
  // "ubuntu/20.04/x86_64/5.4.0-58-generic.btf".
  [[nodiscard]] std::string name_of(const btfbatch_result& found) const;

  // The BTF that was found. Errors name the file.
  [[nodiscard]] Result<std::string> read(const btfbatch_result& found) const;

 private:
  enum class Form : std::uint8_t { kTree, kIndexed, kTar, kBtfs };

  FindPlace(Form form, std::filesystem::path from) : form_(form), from_(std::move(from)) {}
  [[nodiscard]] static Result<FindPlace> make(Form form, const std::filesystem::path& from,
                                              Result<StoredPlace> stored);

  Form form_;
  std::filesystem::path from_;
  // Not of a tree: what it holds, and that opened. In the layout "indexed", the path of
  // each blob stands in for its bytes, so that no more of them are read than are wanted.
  StoredPlace stored_;
  btfbatch_btfs btfs_{};
};

}  // namespace btfbatch
