// The part of a scan that is the same for every form of archive: what is a kernel, does it pass the
// filters, may it have the output path that it asks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "pipeline/scan.h"

namespace btfbatch {

enum class NameSays : std::uint8_t {
  kKernel,     // ".btf", ".btf.xz", ".tar.xz", "vmlinux…"
  kNotKernel,  // BTFHub's markers: ".failed", ".hasbtf"
  kNothing,    // the first bytes have to tell
};

// What a file's name (without its folders) says of it.
[[nodiscard]] NameSays judge_name(std::string_view name);

// Whether a file begins with the magic of BTF or ELF. Fails where it cannot be read.
[[nodiscard]] Result<bool> begins_like_btf(const std::filesystem::path& file);

// Whether a path has a hidden part, such as ".git".
[[nodiscard]] bool has_hidden_part(std::string_view path);

// Why a path that came from an archive or a manifest cannot be a path of the output: it is
// absolute, leads upwards, has empty parts or a NUL byte, is too long, is not UTF-8, or lies where
// an output keeps files of its own. Nothing where it can.
[[nodiscard]] std::optional<Error> check_output_path(std::string_view path);

// Decides on one kernel after the other. Not to be used from two threads at once.
class Admission {
 public:
  explicit Admission(Filter filter, Clashes clashes = Clashes::kFail)
      : filter_(std::move(filter)), clashes_(clashes) {}

  // The entry for a kernel of the archive, or nothing where the filters leave it out. It carries
  // `failure`, or one of its own where its path cannot be an output path, or leads where an earlier
  // kernel's does. A kernel with a failure does not keep others from its output path: empty
  // placeholders stand beside the real file. With Clashes::kIgnore every path may be taken.
  [[nodiscard]] std::optional<Entry> admit(std::string archive_path,
                                           std::optional<Error> failure = std::nullopt);

  [[nodiscard]] std::size_t filtered_out() const { return filtered_out_; }

 private:
  [[nodiscard]] std::optional<Error> claim(const Entry& entry);

  Filter filter_;
  Clashes clashes_;
  std::size_t filtered_out_ = 0;
  std::map<std::string, std::string, std::less<>> claimed_;  // output path → archive path
  std::map<std::string, std::string, std::less<>> folders_;  // folder of outputs → archive path
};

}  // namespace btfbatch
