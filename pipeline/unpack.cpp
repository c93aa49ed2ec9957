#include "pipeline/unpack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "core/btf/load.h"
#include "core/btf/view.h"
#include "core/elf/sections.h"
#include "pipeline/expander.h"
#include "pipeline/tar_reader.h"

namespace btfbatch {
namespace {

// What a tar may hold beside the BTF itself: headers, padding, the split BTF of modules. A bound,
// so that a small file cannot make us expand for hours.
constexpr std::uint64_t kBesideBtf = 64U << 20;

// What lies in `btf` behind `begin` is a file's content, BTF or ELF. Leaves its raw BTF there.
Result<void> reduce_to_raw_btf(Buffer& btf, std::size_t begin) {
  const std::span<const std::byte> content = btf.bytes().subspan(begin);
  if (!has_elf_magic(content)) {
    return {};
  }
  const Result<ElfFile> elf = read_elf(content);
  if (!elf) {
    return std::unexpected(elf.error());
  }
  const ElfSection* const section = elf->find(".BTF");
  if (section == nullptr || section->bytes.empty()) {
    return fail("no BTF inside: an ELF file without a .BTF section");
  }
  const auto offset = static_cast<std::size_t>(section->bytes.data() - btf.bytes().data());
  btf.keep_behind(begin, offset, section->bytes.size());
  return {};
}

// "xz" for a name that ends in ".xz": what the file claims to be.
std::string_view compression_in_name(std::string_view name) {
  constexpr std::array<std::array<std::string_view, 2>, 7> kEndings = {{{".xz", "xz"},
                                                                        {".txz", "xz"},
                                                                        {".zst", "zstd"},
                                                                        {".gz", "gzip"},
                                                                        {".tgz", "gzip"},
                                                                        {".bz2", "bzip2"},
                                                                        {".lz4", "lz4"}}};
  for (const auto& [ending, compression] : kEndings) {
    if (name.ends_with(ending)) {
      return compression;
    }
  }
  return {};
}

// What is not a tar and not a BTF either.
Error nothing_known(std::string_view name, Expander& expander) {
  // Damage may have made it so: bzip2 hands a block out before it looks at its checksum.
  while (true) {
    Result<std::span<const std::byte>> rest = expander.next();
    if (!rest) {
      return std::move(rest).error();
    }
    if (rest->empty()) {
      break;
    }
  }
  const std::string_view claimed = compression_in_name(name);
  if (!claimed.empty() && expander.compression() == "none") {
    return Error{fmt::format("not {}, though its name says so", claimed)};
  }
  return Error{"no BTF inside: neither a tar nor BTF nor ELF"};
}

// The choice among a tar's members.
//
// The buffer holds the BTF chosen so far and, behind it, the member that is being looked at. So the
// usual tar, with its one member, costs no copy.
class MemberChoice {
 public:
  explicit MemberChoice(Buffer& btf) : btf_(btf) {}

  // Where the next member's content is to go.
  [[nodiscard]] std::size_t begin() const { return btf_.size(); }

  // Judges the member that was read to `begin`.
  Result<void> consider(const std::string& name, std::size_t begin) {
    if (Result<void> reduced = reduce_to_raw_btf(btf_, begin); !reduced) {
      not_usable_ = std::move(reduced).error().within(fmt::format("member '{}'", name));
      btf_.shorten(begin);
      return {};
    }
    if (is_split_btf(btf_.bytes().subspan(begin))) {
      ++modules_;
      btf_.shorten(begin);
      return {};
    }
    if (chosen_) {
      return fail(fmt::format("several BTFs inside: '{}' and '{}'", *chosen_, name));
    }
    chosen_ = name;
    return {};
  }

  // Notes a member that was not read.
  void pass_over(const TarMember& member) {
    ++others_;
    not_regular_ += static_cast<std::size_t>(member.type != TarMember::Type::kFile &&
                                             member.type != TarMember::Type::kDirectory);
  }

  // Says what was there where nothing could be chosen.
  [[nodiscard]] Result<void> finish() const {
    if (chosen_) {
      return {};
    }
    if (not_usable_) {
      return std::unexpected(*not_usable_);
    }
    if (modules_ != 0) {
      return fail(fmt::format("no BTF of a kernel inside: only split BTF of {} modules", modules_));
    }
    if (not_regular_ != 0) {
      return fail(fmt::format(
          "no BTF inside: none of the tar's {} members has it, and {} of them are links or devices",
          others_, not_regular_));
    }
    return fail(others_ == 0 ? "no BTF inside: the tar is empty"
                             : fmt::format("no BTF inside: none of the tar's {} members is BTF or "
                                           "ELF",
                                           others_));
  }

 private:
  Buffer& btf_;
  std::optional<std::string> chosen_;
  std::optional<Error> not_usable_;
  std::size_t modules_ = 0;
  std::size_t others_ = 0;
  std::size_t not_regular_ = 0;
};

Result<void> unpack_tar(TarReader& tar, const UnpackLimits& limits, Buffer& btf) {
  MemberChoice choice(btf);
  while (true) {
    const Result<std::optional<TarMember>> member = tar.next();
    if (!member) {
      return std::unexpected(member.error());
    }
    if (!*member) {
      return choice.finish();
    }
    if ((*member)->type != TarMember::Type::kFile) {
      choice.pass_over(**member);
      continue;
    }
    const std::size_t begin = choice.begin();
    const Result<bool> is_btf = tar.read_if_btf(btf, limits.max_btf_size);
    if (!is_btf) {
      return std::unexpected(is_btf.error());
    }
    if (!*is_btf) {
      choice.pass_over(**member);
    } else if (Result<void> considered = choice.consider((*member)->name, begin); !considered) {
      return considered;
    }
  }
}

// Content that is BTF or ELF itself, with no tar around it.
Result<void> unpack_plain(Expander& expander, const UnpackLimits& limits, Buffer& btf) {
  while (true) {
    const Result<std::span<const std::byte>> block = expander.next();
    if (!block) {
      return std::unexpected(block.error());
    }
    if (block->empty()) {
      break;
    }
    if (block->size() > limits.max_btf_size - btf.size()) {
      return fail(
          fmt::format("too large: has more than the {} bytes allowed", limits.max_btf_size));
    }
    btf.append(*block);
  }
  if (Result<void> reduced = reduce_to_raw_btf(btf, 0); !reduced) {
    return reduced;
  }
  if (is_split_btf(btf.bytes())) {
    return fail("no BTF of a kernel inside: split BTF of a module");
  }
  return {};
}

Result<void> unpack(Result<std::unique_ptr<Expander>> expander, std::string_view name,
                    const UnpackLimits& limits, Buffer& btf) {
  if (!expander) {
    return std::unexpected(std::move(expander).error());
  }
  const Result<std::span<const std::byte>> first = (*expander)->peek();
  if (!first) {
    return std::unexpected(first.error());
  }
  if (looks_like_kernel_btf(*first)) {
    return unpack_plain(**expander, limits, btf);
  }
  TarReader tar(**expander);
  Result<void> unpacked = unpack_tar(tar, limits, btf);
  if (!unpacked && tar.found_no_tar()) {
    return std::unexpected(nothing_known(name, **expander));
  }
  return unpacked;
}

Expander::Limits expander_limits(const UnpackLimits& limits) {
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max() - kBesideBtf;
  return {.max_expanded = std::min(limits.max_btf_size, most) + kBesideBtf, .stop = limits.stop};
}

}  // namespace

Result<void> unpack_file(const std::filesystem::path& file, const UnpackLimits& limits,
                         Buffer& btf) {
  btf.clear();
  Result<OpenFile> opened = open_regular_file(file);
  if (!opened) {
    return std::unexpected(std::move(opened).error());
  }
  return unpack(Expander::open(std::move(opened->fd), expander_limits(limits)),
                file.filename().string(), limits, btf);
}

Result<void> unpack_bytes(std::span<const std::byte> content, std::string_view name,
                          const UnpackLimits& limits, Buffer& btf) {
  btf.clear();
  return unpack(Expander::open(content, expander_limits(limits)), name, limits, btf);
}

}  // namespace btfbatch
