#include "pipeline/tar_reader.h"

#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "core/btf/load.h"

namespace btfbatch {
namespace {

std::string text_or_empty(const char* preferred, const char* otherwise) {
  if (preferred != nullptr) {
    return preferred;
  }
  return otherwise != nullptr ? otherwise : "";
}

TarMember describe(archive_entry* entry) {
  TarMember member;
  // The plain name has the tar's own bytes, but there is none where a pax header says UTF-8 and the
  // process runs in the C locale.
  member.name = text_or_empty(archive_entry_pathname(entry), archive_entry_pathname_utf8(entry));
  if (archive_entry_hardlink(entry) != nullptr || archive_entry_hardlink_utf8(entry) != nullptr) {
    member.type = TarMember::Type::kHardlink;
    member.link_target =
        text_or_empty(archive_entry_hardlink(entry), archive_entry_hardlink_utf8(entry));
    return member;
  }
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      member.type = TarMember::Type::kFile;
      member.size = static_cast<std::uint64_t>(std::max<la_int64_t>(archive_entry_size(entry), 0));
      break;
    case AE_IFDIR:
      member.type = TarMember::Type::kDirectory;
      break;
    case AE_IFLNK:
      member.type = TarMember::Type::kSymlink;
      member.link_target =
          text_or_empty(archive_entry_symlink(entry), archive_entry_symlink_utf8(entry));
      break;
    default:
      break;
  }
  return member;
}

}  // namespace

TarReader::TarReader(Expander& expander) : expander_(expander) {}

Result<void> TarReader::open() {
  archive_.reset(archive_read_new());
  if (archive_ == nullptr) {
    throw std::bad_alloc();
  }
  archive_read_support_filter_none(archive_.get());
  archive_read_support_format_tar(archive_.get());
  if (archive_read_open(archive_.get(), this, nullptr, read_more, nullptr) != ARCHIVE_OK) {
    return std::unexpected(describe_failure());
  }
  return {};
}

la_ssize_t TarReader::read_more(archive* a, void* self, const void** block) {
  auto& me = *static_cast<TarReader*>(self);
  Result<std::span<const std::byte>> next = me.expander_.next();
  if (!next) {
    me.expander_error_ = std::move(next).error();
    archive_set_error(a, -1, "cannot be expanded");
    return -1;
  }
  *block = next->data();
  return static_cast<la_ssize_t>(next->size());
}

Result<std::optional<TarMember>> TarReader::next() {
  if (archive_ == nullptr) {
    if (Result<void> opened = open(); !opened) {
      return std::unexpected(std::move(opened).error());
    }
  }
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(archive_.get(), &entry);
  if (result == ARCHIVE_EOF) {
    while (true) {
      Result<std::span<const std::byte>> rest = expander_.next();
      if (!rest) {
        return std::unexpected(std::move(rest).error());
      }
      if (rest->empty()) {
        return std::nullopt;
      }
    }
  }
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
    return std::unexpected(describe_failure());
  }
  TarMember member = describe(entry);
  name_ = member.name;
  claimed_size_ = member.size;
  return member;
}

Result<void> TarReader::read(Buffer& content, std::uint64_t max_size) {
  const Result<bool> done = read_where(content, max_size, false);
  if (!done) {
    return std::unexpected(done.error());
  }
  return {};
}

Result<bool> TarReader::read_if_btf(Buffer& content, std::uint64_t max_size) {
  return read_where(content, max_size, true);
}

Result<bool> TarReader::read_where(Buffer& content, std::uint64_t max_size, bool only_btf) {
  const std::size_t begin = content.size();
  bool is_first = true;
  while (true) {
    const void* data = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    const int result = archive_read_data_block(archive_.get(), &data, &size, &offset);
    if (result == ARCHIVE_EOF) {
      break;
    }
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
      return std::unexpected(describe_failure());
    }
    const std::span block(static_cast<const std::byte*>(data), size);
    if (is_first) {
      is_first = false;
      if (only_btf && !looks_like_kernel_btf(block)) {
        return false;
      }
      if (claimed_size_ > max_size) {
        return std::unexpected(too_large(claimed_size_, max_size));
      }
      content.reserve(begin + claimed_size_);
    }
    const std::uint64_t filled = content.size() - begin;
    const auto at = static_cast<std::uint64_t>(offset);
    if (offset < 0 || at < filled) {
      return fail(fmt::format("corrupt: parts of the sparse member '{}' overlap", name_));
    }
    if (at > max_size || size > max_size - at) {
      return std::unexpected(too_large(at + size, max_size));
    }
    content.append_zeros(at - filled);
    content.append(block);
  }
  return !only_btf || !is_first;
}

Error TarReader::too_large(std::uint64_t size, std::uint64_t max_size) const {
  return Error{fmt::format("too large: its member '{}' has {} bytes, more than the {} allowed",
                           name_, size, max_size)};
}

Error TarReader::describe_failure() {
  if (expander_error_) {
    return *expander_error_;
  }
  const char* const text = archive_error_string(archive_.get());
  const std::string_view message = text != nullptr ? text : "";
  if (message.contains("Unrecognized archive format")) {
    found_no_tar_ = true;
    return Error{"not a tar"};
  }
  if (message.contains("runcated")) {
    return Error{fmt::format("truncated: the tar ends within the member '{}'", name_)};
  }
  return Error{fmt::format("corrupt: the tar is damaged ({})", message)};
}

}  // namespace btfbatch
