// Reading a tree out of one tar, front to back.
//
// A tar is read once, in its own order, and what it holds is known only at its end. So the content
// of each kernel is taken into memory as it passes by, and links are noted and sorted out last,
// when it is known what they lead to. Nothing is ever written under a name that the tar gives
// unless Admission has accepted it.
#include "pipeline/scan_tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "pipeline/admission.h"
#include "pipeline/file.h"
#include "pipeline/tar_reader.h"

namespace btfbatch {
namespace {

// Without the "./" that `tar c .` puts first, and the '/' at the end of a folder.
std::string_view tidy(std::string_view name) {
  while (name.starts_with("./")) {
    name.remove_prefix(2);
  }
  while (name.size() > 1 && name.ends_with('/')) {
    name.remove_suffix(1);
  }
  return name == "." ? std::string_view() : name;
}

std::string_view file_name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// The folder around the whole tree, with its '/', as the path of the first kernel shows it: what
// stands before distro/release/arch. Empty where the path is not so deep.
std::string surrounding_folder(std::string_view path) {
  const KernelIdentity identity = identify_kernel(path);
  if (identity.distro.empty() || identity.release.empty() || identity.arch.empty()) {
    return {};
  }
  const std::string tree =
      fmt::format("/{}/{}/{}/", identity.distro, identity.release, identity.arch);
  const std::size_t begin = path.rfind(tree);
  return begin == path.npos ? std::string() : std::string(path.substr(0, begin + 1));
}

// Where a symbolic link leads, from the tar's root; nothing where that is outside of it.
std::optional<std::string> resolve_link(std::string_view link, std::string_view target) {
  if (target.starts_with('/')) {
    return std::nullopt;
  }
  const std::filesystem::path resolved =
      (std::filesystem::path(link).parent_path() / target).lexically_normal();
  if (resolved.empty() || *resolved.begin() == "..") {
    return std::nullopt;
  }
  return std::string(tidy(resolved.string()));
}

class TarArchive : public Archive {
 public:
  TarArchive(std::string name, std::unique_ptr<Expander> expander, ScanOptions options)
      : name_(std::move(name)),
        expander_(std::move(expander)),
        reader_(*expander_),
        max_size_(options.max_btf_size),
        admission_(std::move(options.filter), options.clashes) {}

  // Reads the first header, so that what is no tar is told at once.
  Result<void> begin() {
    upcoming_ = reader_.next();
    if (reader_.found_no_tar()) {
      return fail("neither a folder nor a tar nor BTF");
    }
    if (!upcoming_) {
      return std::unexpected(upcoming_.error());
    }
    return {};
  }

  std::size_t entry_count() const override { return 0; }

  std::optional<Entry> next() override {
    while (!ended_) {
      if (!upcoming_) {
        ended_ = true;
        Entry entry;
        entry.archive_path = name_;
        entry.failure = upcoming_.error();
        entry.failure->message += "; what may follow in this tar is lost";
        return entry;
      }
      if (!*upcoming_) {
        ended_ = true;
        break;
      }
      std::optional<Entry> entry = take(**upcoming_);
      upcoming_ = reader_.next();
      if (entry) {
        return entry;
      }
    }
    return std::nullopt;
  }

  Findings findings() override {
    Findings found{
        .aliases = {}, .ignored = std::move(ignored_), .filtered_out = admission_.filtered_out()};
    for (std::string& path : found.ignored) {
      path = within_tree(path);
    }
    for (const auto& [link, target] : links_) {
      sort_out_link(link, target, found);
    }
    std::ranges::sort(found.aliases, {}, &Alias::path);
    std::ranges::sort(found.ignored);
    return found;
  }

 private:
  // The entry that a member is, or nothing.
  std::optional<Entry> take(const TarMember& member) {
    std::string path(tidy(member.name));
    if (path.empty() || member.type == TarMember::Type::kDirectory || has_hidden_part(path)) {
      return std::nullopt;
    }
    if (member.type == TarMember::Type::kFile) {
      return take_file(std::move(path), member.size);
    }
    if (member.type == TarMember::Type::kSymlink) {
      if (std::optional<std::string> target = resolve_link(path, member.link_target)) {
        links_[path] = *std::move(target);
        return std::nullopt;
      }
    } else if (member.type == TarMember::Type::kHardlink) {
      links_[path] = tidy(member.link_target);
      return std::nullopt;
    }
    ignored_.push_back(std::move(path));
    return std::nullopt;
  }

  std::optional<Entry> take_file(std::string path, std::uint64_t size) {
    const NameSays says = judge_name(file_name_of(path));
    Buffer content;
    if (says == NameSays::kNotKernel) {
      ignored_.push_back(std::move(path));
      return std::nullopt;
    }
    std::optional<Error> failure;
    if (says == NameSays::kNothing) {
      const Result<bool> is_btf = reader_.read_if_btf(content, max_size_);
      if (!is_btf) {
        failure = is_btf.error();
      } else if (!*is_btf) {
        ignored_.push_back(std::move(path));
        return std::nullopt;
      }
    }
    if (!surrounding_) {
      surrounding_ = surrounding_folder(path);
    }
    if (size == 0) {
      failure = Error{"empty: the file has no bytes"};
    }
    std::optional<Entry> entry = admission_.admit(within_tree(path), std::move(failure));
    if (!entry) {
      return std::nullopt;
    }
    entry->compressed_size = size;
    kernels_.insert(entry->archive_path);
    if (says == NameSays::kKernel && !entry->failure) {
      if (const Result<void> read = reader_.read(content, max_size_); !read) {
        entry->failure = read.error();
      }
    }
    entry->content = std::move(content);
    return entry;
  }

  std::string within_tree(std::string_view path) const {
    if (surrounding_ && path.starts_with(*surrounding_)) {
      path.remove_prefix(surrounding_->size());
    }
    return std::string(path);
  }

  // Follows a link to what it leads to in the end, and makes it an alias where that is a kernel or
  // a folder of kernels.
  void sort_out_link(const std::string& link, std::string target, Findings& found) const {
    constexpr int kMostLinks = 40;  // as the kernel follows
    int followed = 0;
    for (auto next = links_.find(target); next != links_.end() && followed < kMostLinks;
         next = links_.find(target)) {
      target = next->second;
      ++followed;
    }
    Alias alias{.path = within_tree(link), .target = within_tree(target), .is_directory = false};
    if (check_output_path(alias.path)) {
      found.ignored.push_back(std::move(alias.path));
      return;
    }
    if (!kernels_.contains(alias.target)) {
      const std::string folder = alias.target + "/";
      const auto first_within = kernels_.lower_bound(folder);
      alias.is_directory = first_within != kernels_.end() && first_within->starts_with(folder);
      if (!alias.is_directory || alias.path.starts_with(folder)) {
        found.ignored.push_back(std::move(alias.path));
        return;
      }
    }
    found.aliases.push_back(std::move(alias));
  }

  std::string name_;
  std::unique_ptr<Expander> expander_;
  TarReader reader_;
  std::uint64_t max_size_;
  Admission admission_;
  Result<std::optional<TarMember>> upcoming_;
  bool ended_ = false;
  std::optional<std::string> surrounding_;  // known from the first kernel on
  std::set<std::string> kernels_;           // archive paths
  std::map<std::string, std::string> links_;
  std::vector<std::string> ignored_;
};

}  // namespace

Result<std::unique_ptr<Archive>> open_tar_archive(const std::filesystem::path& file,
                                                  ScanOptions options) {
  Result<OpenFile> opened = open_regular_file(file);
  if (!opened) {
    return std::unexpected(std::move(opened).error());
  }
  // No bound on the whole: a tar may hold any number of kernels, each of which is bounded.
  Result<std::unique_ptr<Expander>> expander = Expander::open(
      std::move(opened->fd),
      {.max_expanded = std::numeric_limits<std::uint64_t>::max(), .stop = options.stop});
  if (!expander) {
    return std::unexpected(std::move(expander).error());
  }
  auto tar = std::make_unique<TarArchive>(file.filename().string(), *std::move(expander),
                                          std::move(options));
  if (Result<void> begun = tar->begin(); !begun) {
    return std::unexpected(std::move(begun).error());
  }
  return tar;
}

}  // namespace btfbatch
