#include "tests/support/archive_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <memory>
#include <stdexcept>

namespace btfbatch::test {
namespace {

struct Closer {
  void operator()(archive* a) const { archive_write_free(a); }
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};
using Writer = std::unique_ptr<archive, Closer>;
using Entry = std::unique_ptr<archive_entry, Closer>;

void check(archive* writer, int result) {
  if (result != ARCHIVE_OK) {
    const char* message = archive_error_string(writer);
    throw std::runtime_error(message != nullptr ? message : "libarchive failed");
  }
}

la_ssize_t append(archive*, void* to, const void* data, std::size_t size) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

void add_filter(archive* writer, Compression compression) {
  switch (compression) {
    case Compression::kNone:
      return check(writer, archive_write_add_filter_none(writer));
    case Compression::kXz:
      return check(writer, archive_write_add_filter_xz(writer));
    case Compression::kZstd:
      return check(writer, archive_write_add_filter_zstd(writer));
    case Compression::kGzip:
      return check(writer, archive_write_add_filter_gzip(writer));
    case Compression::kBzip2:
      return check(writer, archive_write_add_filter_bzip2(writer));
  }
}

mode_t file_type(TarMember::Type type) {
  switch (type) {
    case TarMember::Type::kFile:
    case TarMember::Type::kHardlink:
      return AE_IFREG;
    case TarMember::Type::kDirectory:
      return AE_IFDIR;
    case TarMember::Type::kSymlink:
      return AE_IFLNK;
    case TarMember::Type::kDevice:
      return AE_IFCHR;
    case TarMember::Type::kFifo:
      return AE_IFIFO;
  }
  throw std::logic_error("no such type of member");
}

void write_member(archive* writer, const TarMember& member) {
  const Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), member.name.c_str());
  archive_entry_set_filetype(entry.get(), file_type(member.type));
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), 0);
  if (member.type == TarMember::Type::kSymlink) {
    archive_entry_set_symlink(entry.get(), member.content.c_str());
  } else if (member.type == TarMember::Type::kHardlink) {
    archive_entry_set_hardlink(entry.get(), member.content.c_str());
  } else if (member.type == TarMember::Type::kDevice) {
    archive_entry_set_rdevmajor(entry.get(), 1);
    archive_entry_set_rdevminor(entry.get(), 5);  // /dev/zero
  } else if (member.type == TarMember::Type::kFile) {
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.content.size()));
  }
  check(writer, archive_write_header(writer, entry.get()));
  if (member.type == TarMember::Type::kFile && !member.content.empty() &&
      archive_write_data(writer, member.content.data(), member.content.size()) !=
          static_cast<la_ssize_t>(member.content.size())) {
    throw std::runtime_error("libarchive wrote less than it was given");
  }
}

}  // namespace

std::string make_tar(const std::vector<TarMember>& members, Compression compression) {
  std::string bytes;
  const Writer writer(archive_write_new());
  check(writer.get(), archive_write_set_format_gnutar(writer.get()));
  add_filter(writer.get(), compression);
  // No zeros behind the compressed stream, as libarchive would write for tapes.
  check(writer.get(), archive_write_set_bytes_in_last_block(writer.get(), 1));
  check(writer.get(), archive_write_open2(writer.get(), &bytes, nullptr, append, nullptr, nullptr));
  for (const TarMember& member : members) {
    write_member(writer.get(), member);
  }
  check(writer.get(), archive_write_close(writer.get()));
  return bytes;
}

std::string make_kernel_tar(std::string_view name, std::string_view content,
                            Compression compression) {
  return make_tar({{.name = std::string(name), .content = std::string(content)}}, compression);
}

std::string compress(std::string_view content, Compression compression) {
  std::string bytes;
  const Writer writer(archive_write_new());
  check(writer.get(), archive_write_set_format_raw(writer.get()));
  add_filter(writer.get(), compression);
  // No zeros behind the compressed stream, as libarchive would write for tapes.
  check(writer.get(), archive_write_set_bytes_in_last_block(writer.get(), 1));
  check(writer.get(), archive_write_open2(writer.get(), &bytes, nullptr, append, nullptr, nullptr));
  write_member(writer.get(), {.name = "data", .content = std::string(content)});
  check(writer.get(), archive_write_close(writer.get()));
  return bytes;
}

}  // namespace btfbatch::test
