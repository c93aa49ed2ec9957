/* Finding the BTF of a host's kernel. See btfbatch_find.h for what is promised.
 *
 * One source, so that it can be copied into a project as it is; hence longer than files here are.
 * In this order: bytes, the .btfs file, os-release, the tables of aliases, what a host's keys are,
 * the two places to search (a .btfs file, a directory), and the search itself.
 *
 * The search does not know where it searches: it asks a place for one key (`probe`), or for all
 * kernels of a distro, a release or at all whose name fits (`visit`). All state is on the stack. */
/* NOLINTBEGIN(readability-identifier-naming,bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp):
 * the C++ of this project has other customs. */
#define _GNU_SOURCE
#include "btfbatch_find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Bytes ---------------------------------------------------------------------------------- */

/* The checked way to take numbers out of the file, in opening it: past its end, `failed` is set and
 * everything reads as 0. */
struct reader {
  const unsigned char* bytes;
  uint64_t size, at;
  int failed;
};

static uint32_t read_le(const unsigned char* bytes, unsigned width) {
  uint32_t value = 0;
  while (width-- > 0) value = value << 8 | bytes[width];
  return value;
}

static const unsigned char* take(struct reader* reader, uint64_t size) {
  if (reader->failed || size > reader->size - reader->at) {
    reader->failed = 1;
    return NULL;
  }
  reader->at += size;
  return reader->bytes + (reader->at - size);
}

static uint32_t take_number(struct reader* reader, unsigned width) {
  const unsigned char* bytes = take(reader, width);
  return bytes == NULL ? 0 : read_le(bytes, width);
}

static uint64_t take_u64(struct reader* reader) {
  const uint64_t low = take_number(reader, 4);
  return low | (uint64_t)take_number(reader, 4) << 32;
}

static unsigned char take_width(struct reader* reader) {
  const uint32_t width = take_number(reader, 1);
  if (width != 1 && width != 2 && width != 4) reader->failed = 1;
  return (unsigned char)width;
}

/* CRC-64/XZ of the file, the checksum's own field taken as zeros. */
static uint64_t checksum_of(const unsigned char* file, size_t size) {
  uint64_t table[256], crc = ~(uint64_t)0;
  unsigned i, bit;
  size_t at;
  for (i = 0; i < 256; ++i) {
    table[i] = i;
    for (bit = 0; bit < 8; ++bit) {
      table[i] = table[i] >> 1 ^ (table[i] & 1 ? UINT64_C(0xc96c5795d7870f42) : 0);
    }
  }
  for (at = 0; at < size; ++at) {
    const unsigned char byte = at - BTFBATCH_BTFS_CHECKSUM_OFFSET < 8 ? (unsigned char)0 : file[at];
    crc = crc >> 8 ^ table[(crc ^ byte) & 0xff];
  }
  return ~crc;
}

/* ---- The .btfs file ------------------------------------------------------------------------- */

/* The section of a type; failed where there is none, or two. */
static struct reader section_of(struct reader payload, uint32_t section_count, uint32_t type) {
  struct reader found = {NULL, 0, 0, 1};
  struct reader table = payload;
  uint32_t i;
  for (i = 0; i < section_count && !table.failed; ++i) {
    const uint32_t its_type = take_number(&table, 4);
    uint64_t offset, size;
    (void)take_number(&table, 4);
    offset = take_u64(&table);
    size = take_u64(&table);
    if (table.failed || its_type != type) continue;
    if (found.bytes != NULL || offset % 8 != 0 || offset > payload.size ||
        size > payload.size - offset) {
      found.failed = 1;
      return found;
    }
    found.bytes = payload.bytes + offset;
    found.size = size;
    found.failed = 0;
  }
  found.failed |= table.failed;
  return found;
}

static int open_strings(struct btfbatch_btfs* btfs, struct reader section) {
  uint32_t i;
  uint64_t size;
  btfs->string_count = take_number(&section, 4);
  btfs->string_offset_width = take_width(&section);
  (void)take(&section, 3);
  btfs->string_offsets =
      take(&section, ((uint64_t)btfs->string_count + 1) * btfs->string_offset_width);
  if (section.failed) return 0;
  btfs->strings = section.bytes + section.at;
  size = section.size - section.at;
  for (i = 0; i < btfs->string_count; ++i) {
    const unsigned width = btfs->string_offset_width;
    const uint32_t begin = read_le(btfs->string_offsets + (size_t)i * width, width);
    const uint32_t end = read_le(btfs->string_offsets + ((size_t)i + 1) * width, width);
    uint32_t at;
    if ((i == 0 && begin != 0) || end <= begin || end > size || end - begin > BTFBATCH_NAME_SIZE ||
        btfs->strings[end - 1] != 0) {
      return 0;
    }
    for (at = begin; at < end - 1; ++at) {
      const unsigned char c = btfs->strings[at];
      if (c < 0x20 || c == '/' || c == 0x7f) return 0;
    }
    if (i > 0) {
      const uint32_t before = read_le(btfs->string_offsets + ((size_t)i - 1) * width, width);
      if (strcmp((const char*)btfs->strings + before, (const char*)btfs->strings + begin) >= 0) {
        return 0;
      }
    }
  }
  return 1;
}

static int open_blobs(struct btfbatch_btfs* btfs, struct reader table, struct reader blobs) {
  uint32_t i;
  unsigned width;
  btfs->blob_count = take_number(&table, 4);
  btfs->blob_offset_width = take_width(&table);
  (void)take(&table, 3);
  width = btfs->blob_offset_width;
  btfs->blob_offsets = take(&table, ((uint64_t)btfs->blob_count + 1) * width);
  btfs->blob_padding = take(&table, btfs->blob_count);
  if (table.failed || blobs.failed) return 0;
  btfs->blobs = blobs.bytes;
  if (read_le(btfs->blob_offsets, width) != 0) return 0;
  for (i = 0; i < btfs->blob_count; ++i) {
    const uint32_t begin = read_le(btfs->blob_offsets + (size_t)i * width, width);
    const uint32_t end = read_le(btfs->blob_offsets + ((size_t)i + 1) * width, width);
    if (end < begin || (uint64_t)end * 8 > blobs.size || btfs->blob_padding[i] > 7 ||
        btfs->blob_padding[i] > (uint64_t)(end - begin) * 8) {
      return 0;
    }
  }
  return 1;
}

enum { COLUMN_DISTRO, COLUMN_RELEASE, COLUMN_ARCH, COLUMN_KERNEL, COLUMN_BLOB };

static uint32_t cell(const struct btfbatch_btfs* btfs, uint32_t row, unsigned column) {
  const size_t begin = (size_t)btfs->kernel_count * btfs->string_width * column;
  const unsigned width = column == COLUMN_BLOB ? btfs->blob_width : btfs->string_width;
  return read_le(btfs->kernels + begin + (size_t)row * width, width);
}

static int open_kernels(struct btfbatch_btfs* btfs, struct reader section) {
  uint32_t row;
  unsigned column;
  btfs->kernel_count = take_number(&section, 4);
  btfs->string_width = take_width(&section);
  btfs->blob_width = take_width(&section);
  (void)take(&section, 2);
  btfs->kernels =
      take(&section, (uint64_t)btfs->kernel_count * (4U * btfs->string_width + btfs->blob_width));
  if (section.failed) return 0;
  for (row = 0; row < btfs->kernel_count; ++row) {
    int ascends = row == 0;
    for (column = COLUMN_DISTRO; column <= COLUMN_KERNEL; ++column) {
      const uint32_t string = cell(btfs, row, column);
      if (string >= btfs->string_count) return 0;
      if (!ascends) {
        /* The numbers of strings are in the strings' order. */
        const uint32_t above = cell(btfs, row - 1, column);
        if (string < above) return 0;
        ascends = string > above;
      }
    }
    if (!ascends || cell(btfs, row, COLUMN_BLOB) >= btfs->blob_count) return 0;
  }
  return 1;
}

enum btfbatch_status btfbatch_open(struct btfbatch_btfs* btfs, const void* data, size_t size) {
  struct reader header = {data, size, 0, 0};
  struct reader payload = {NULL, 0, 0, 0};
  uint32_t major, header_size, compression, section_count;
  uint64_t file_size, payload_size, checksum;
  if (btfs == NULL || data == NULL) return BTFBATCH_INVALID;
  memset(btfs, 0, sizeof *btfs);
  if (size < 8 || memcmp(data, BTFBATCH_BTFS_MAGIC, 8) != 0) return BTFBATCH_NOT_BTFS;
  header.at = 8;
  major = take_number(&header, 2);
  if (!header.failed && major != BTFBATCH_BTFS_MAJOR) return BTFBATCH_TOO_NEW;
  (void)take_number(&header, 2);
  header_size = take_number(&header, 4);
  file_size = take_u64(&header);
  payload_size = take_u64(&header);
  compression = take_number(&header, 4);
  section_count = take_number(&header, 4);
  (void)take(&header, 16);
  checksum = take_u64(&header);
  (void)take(&header, 8);
  if (header.failed || file_size != size || header_size < BTFBATCH_BTFS_HEADER_SIZE ||
      header_size > size || header_size % 8 != 0 || checksum_of(data, size) != checksum) {
    return BTFBATCH_DAMAGED;
  }
  if (compression == BTFBATCH_ZSTD) return BTFBATCH_COMPRESSED;
  if (compression != BTFBATCH_STORED) return BTFBATCH_TOO_NEW;
  if (payload_size != size - header_size) return BTFBATCH_DAMAGED;
  btfs->file = data;
  payload.bytes = btfs->file + header_size;
  payload.size = payload_size;
  if (!open_strings(btfs, section_of(payload, section_count, BTFBATCH_SECTION_STRINGS)) ||
      !open_blobs(btfs, section_of(payload, section_count, BTFBATCH_SECTION_BLOB_TABLE),
                  section_of(payload, section_count, BTFBATCH_SECTION_BLOBS)) ||
      !open_kernels(btfs, section_of(payload, section_count, BTFBATCH_SECTION_KERNELS))) {
    return BTFBATCH_DAMAGED;
  }
  return BTFBATCH_OK;
}

static const char* string_at(const struct btfbatch_btfs* btfs, uint32_t number) {
  const unsigned width = btfs->string_offset_width;
  return (const char*)btfs->strings + read_le(btfs->string_offsets + (size_t)number * width, width);
}

size_t btfbatch_kernel_count(const struct btfbatch_btfs* btfs) {
  return btfs == NULL ? 0 : btfs->kernel_count;
}

enum btfbatch_status btfbatch_kernel_at(const struct btfbatch_btfs* btfs, size_t index,
                                        struct btfbatch_kernel* kernel) {
  uint32_t row, blob, begin, end;
  unsigned width;
  if (btfs == NULL || kernel == NULL || index >= btfs->kernel_count) return BTFBATCH_INVALID;
  row = (uint32_t)index;
  blob = cell(btfs, row, COLUMN_BLOB);
  width = btfs->blob_offset_width;
  begin = read_le(btfs->blob_offsets + (size_t)blob * width, width);
  end = read_le(btfs->blob_offsets + ((size_t)blob + 1) * width, width);
  kernel->distro = string_at(btfs, cell(btfs, row, COLUMN_DISTRO));
  kernel->release = string_at(btfs, cell(btfs, row, COLUMN_RELEASE));
  kernel->arch = string_at(btfs, cell(btfs, row, COLUMN_ARCH));
  kernel->kernel_release = string_at(btfs, cell(btfs, row, COLUMN_KERNEL));
  kernel->data = btfs->blobs + (size_t)begin * 8;
  kernel->size = (size_t)(end - begin) * 8 - btfs->blob_padding[blob];
  kernel->blob = blob;
  return BTFBATCH_OK;
}

const unsigned char* btfbatch_fingerprint(const struct btfbatch_btfs* btfs) {
  return btfs->file + 40;
}

const char* btfbatch_status_text(enum btfbatch_status status) {
  switch (status) {
    case BTFBATCH_OK:
      return "ok";
    case BTFBATCH_NOT_FOUND:
      return "no BTF for this kernel";
    case BTFBATCH_AMBIGUOUS:
      return "several kernels fit, with different BTF, and nothing says which is right";
    case BTFBATCH_INVALID:
      return "an argument is missing or makes no sense";
    case BTFBATCH_NOT_BTFS:
      return "not a .btfs file";
    case BTFBATCH_TOO_NEW:
      return "a .btfs file of a newer version of btfbatch";
    case BTFBATCH_COMPRESSED:
      return "the .btfs file is compressed; btfbatch makes a stored one, which can be read in "
             "place "
             "(--btfs-compression stored)";
    case BTFBATCH_DAMAGED:
      return "the .btfs file is damaged";
    case BTFBATCH_SYSTEM:
      return "a call to the system failed";
  }
  return "unknown status";
}

const char* btfbatch_how_text(enum btfbatch_how how) {
  switch (how) {
    case BTFBATCH_BY_OS_RELEASE:
      return "os-release";
    case BTFBATCH_BY_KERNEL_RELEASE:
      return "kernel-release";
    case BTFBATCH_BY_DISTRO:
      return "distro";
    case BTFBATCH_BY_KERNEL_ALONE:
      return "kernel-alone";
    case BTFBATCH_BY_NEIGHBORS:
      return "neighbors";
  }
  return "";
}

/* ---- os-release ----------------------------------------------------------------------------- */

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

static int is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/* Reads a value as a shell would: quoted parts and escapes; a blank outside of quotes ends it. */
static void parse_value(const char* text, const char* end, char* value, size_t capacity) {
  size_t length = 0;
  char quote = 0;
  for (; text < end; ++text) {
    char c = *text;
    if (quote == 0 && is_blank(c)) break;
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
      continue;
    }
    if (quote != 0 && c == quote) {
      quote = 0;
      continue;
    }
    /* Between double quotes, a backslash is only for what would mean something there. */
    if (c == '\\' && quote != '\'' && text + 1 < end &&
        (quote == 0 || strchr("\"\\$`", text[1]) != NULL)) {
      c = *++text;
    }
    if (length + 1 >= capacity || c == 0) {
      length = 0;
      break;
    }
    value[length++] = c;
  }
  value[length] = 0;
}

enum btfbatch_status btfbatch_host_parse(struct btfbatch_host* host, const char* text,
                                         size_t size) {
  const char* end;
  unsigned i;
  struct {
    const char* name;
    char* value;
    size_t capacity;
  } wanted[5];
  if (host == NULL || text == NULL) return BTFBATCH_INVALID;
#define WANT(index, text_name, field)          \
  wanted[index].name = text_name;              \
  wanted[index].value = host->field;           \
  wanted[index].capacity = sizeof host->field; \
  host->field[0] = 0
  WANT(0, "ID", id);
  WANT(1, "ID_LIKE", id_like);
  WANT(2, "VERSION_ID", version_id);
  WANT(3, "VERSION_CODENAME", version_codename);
  WANT(4, "UBUNTU_CODENAME", ubuntu_codename);
#undef WANT
  end = text + size;
  while (text < end) {
    const char* line_end = memchr(text, '\n', (size_t)(end - text));
    const char* equals;
    if (line_end == NULL) line_end = end;
    while (text < line_end && is_blank(*text)) ++text;
    equals = memchr(text, '=', (size_t)(line_end - text));
    for (i = 0; equals != NULL && i < COUNT_OF(wanted); ++i) {
      const size_t length = strlen(wanted[i].name);
      if ((size_t)(equals - text) == length && memcmp(text, wanted[i].name, length) == 0) {
        parse_value(equals + 1, line_end, wanted[i].value, wanted[i].capacity);
      }
    }
    text = line_end < end ? line_end + 1 : end;
  }
  return BTFBATCH_OK;
}

/* Takes the first part off `path`, without the '/' around it; its length, 0 at the end. */
static size_t next_part(const char** path, const char** part) {
  *path += strspn(*path, "/");
  *part = *path;
  *path += strcspn(*path, "/");
  return (size_t)(*path - *part);
}

/* Writes ROOT/PATH into `name`. */
static int join(char name[BTFBATCH_PATH_SIZE], const char* root, const char* path) {
  if ((size_t)snprintf(name, BTFBATCH_PATH_SIZE, "%s/%s", root, path) < BTFBATCH_PATH_SIZE) {
    return 1;
  }
  errno = ENAMETOOLONG;
  return 0;
}

/* Opens PATH as a process would whose root directory is ROOT: every link on the way leads to a
 * place within ROOT, whether it is absolute or climbs with "..". By hand, since openat2() is
 * younger than many a kernel that lacks BTF. */
static int open_under(const char* root, const char* path) {
  char name[BTFBATCH_PATH_SIZE], rest[BTFBATCH_PATH_SIZE], left[BTFBATCH_PATH_SIZE],
      target[BTFBATCH_PATH_SIZE];
  const size_t root_length = strlen(root);
  size_t length;
  const char* next = rest;
  const char* part;
  int links = 40; /* as many as Linux follows */
  if (!join(name, root, "") || !join(rest, "", path)) return -1;
  name[root_length] = 0;
  while ((length = next_part(&next, &part)) > 0) {
    const size_t before = strlen(name);
    ssize_t target_length;
    if (length == 1 && part[0] == '.') continue;
    if (length == 2 && memcmp(part, "..", 2) == 0) {
      if (before > root_length) *strrchr(name, '/') = 0;
      continue;
    }
    if (before + 1 + length >= sizeof name) {
      errno = ENAMETOOLONG;
      return -1;
    }
    name[before] = '/';
    memcpy(name + before + 1, part, length);
    name[before + 1 + length] = 0;
    target_length = readlink(name, target, sizeof target - 1);
    if (target_length < 0 && errno == EINVAL) continue; /* no link */
    if (target_length < 0) return -1;
    if (links-- == 0) {
      errno = ELOOP;
      return -1;
    }
    /* On from the link's target, and then what was left; from ROOT where it is absolute. */
    target[target_length] = 0;
    name[target[0] == '/' ? root_length : before] = 0;
    memcpy(left, next, strlen(next) + 1);
    if (!join(rest, target, left)) return -1;
    next = rest;
  }
  return open(name, O_RDONLY | O_CLOEXEC);
}

enum btfbatch_status btfbatch_host_read(struct btfbatch_host* host, const char* root) {
  static const char* const paths[] = {"etc/os-release", "usr/lib/os-release"};
  char text[16384];
  struct utsname names;
  size_t size = 0;
  int file = -1;
  unsigned i;
  if (host == NULL) return BTFBATCH_INVALID;
  memset(host, 0, sizeof *host);
  if (uname(&names) != 0) return BTFBATCH_SYSTEM;
  (void)snprintf(host->machine, sizeof host->machine, "%.63s", names.machine);
  (void)snprintf(host->kernel_release, sizeof host->kernel_release, "%.127s", names.release);
  for (i = 0; i < COUNT_OF(paths) && file < 0; ++i) {
    file = open_under(root == NULL ? "" : root, paths[i]);
    if (file < 0 && errno != ENOENT && errno != ENOTDIR) return BTFBATCH_SYSTEM;
  }
  if (file < 0) return BTFBATCH_OK;
  while (size < sizeof text) {
    const ssize_t count = read(file, text + size, sizeof text - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      (void)close(file);
      errno = error;
      return BTFBATCH_SYSTEM;
    }
    if (count == 0) break;
    size += (size_t)count;
  }
  (void)close(file);
  return btfbatch_host_parse(host, text, size);
}

/* ---- The tables of aliases ------------------------------------------------------------------ */

/* Each list is of words with blanks between them. */

/* Machines by the names that `uname -m` and others give them, and by those that folders have, the
 * likeliest first. */
static const struct {
  const char *machines, *folders;
} arch_spellings[] = {
    {"x86_64 amd64", "x86_64 amd64"},
    /* armv8l is what a 32-bit process is told. */
    {"aarch64 arm64 armv8l", "arm64 aarch64"},
    {"i386 i486 i586 i686 x86", "i386 i686 x86"},
    {"armv6l armv7l arm armhf armel", "arm armhf armel armv7l"},
    {"ppc64le ppc64el", "ppc64le ppc64el"},
    {"loongarch64 loong64", "loongarch64 loong64"},
};

/* What else is an arch when it stands in a path; the same as core/kernel_identity.cpp has. */
static const char arch_names[] =
    "x86_64 amd64 arm64 aarch64 i386 i686 x86 arm armhf armel armv7l ppc64le ppc64el ppc64 powerpc "
    "s390x s390 riscv64 mips mipsel mips64 mips64el loong64 loongarch64";

/* os-release's ID, and the distros whose kernels are the same or are built of the same source. */
static const struct {
  const char *id, *distros;
} distro_aliases[] = {
    {"rhel", "rhel redhat centos ol oracle"},
    {"centos", "centos rhel redhat ol oracle"},
    {"ol", "ol oracle rhel redhat centos"},
    {"rocky", "rocky rhel redhat centos almalinux ol oracle"},
    {"almalinux", "almalinux rhel redhat centos rocky ol oracle"},
    {"amzn", "amzn amazon"},
    {"sles", "sles suse opensuse-leap"},
    {"sled", "sled sles suse opensuse-leap"},
    {"sles_sap", "sles_sap sles suse opensuse-leap"},
    {"sle_hpc", "sle_hpc sles suse opensuse-leap"},
    {"opensuse-leap", "opensuse-leap opensuse sles"},
    {"opensuse", "opensuse opensuse-leap sles"},
    {"opensuse-tumbleweed", "opensuse-tumbleweed opensuse"},
};

/* A distro's releases that go by a name and a number. */
static const struct {
  const char *distro, *number, *codename;
} codenames[] = {
    {"ubuntu", "14.04", "trusty"},
    {"ubuntu", "14.10", "utopic"},
    {"ubuntu", "15.04", "vivid"},
    {"ubuntu", "15.10", "wily"},
    {"ubuntu", "16.04", "xenial"},
    {"ubuntu", "16.10", "yakkety"},
    {"ubuntu", "17.04", "zesty"},
    {"ubuntu", "17.10", "artful"},
    {"ubuntu", "18.04", "bionic"},
    {"ubuntu", "18.10", "cosmic"},
    {"ubuntu", "19.04", "disco"},
    {"ubuntu", "19.10", "eoan"},
    {"ubuntu", "20.04", "focal"},
    {"ubuntu", "20.10", "groovy"},
    {"ubuntu", "21.04", "hirsute"},
    {"ubuntu", "21.10", "impish"},
    {"ubuntu", "22.04", "jammy"},
    {"ubuntu", "22.10", "kinetic"},
    {"ubuntu", "23.04", "lunar"},
    {"ubuntu", "23.10", "mantic"},
    {"ubuntu", "24.04", "noble"},
    {"ubuntu", "24.10", "oracular"},
    {"ubuntu", "25.04", "plucky"},
    {"ubuntu", "25.10", "questing"},
    {"ubuntu", "26.04", "resolute"},
    {"debian", "7", "wheezy"},
    {"debian", "8", "jessie"},
    {"debian", "9", "stretch"},
    {"debian", "10", "buster"},
    {"debian", "11", "bullseye"},
    {"debian", "12", "bookworm"},
    {"debian", "13", "trixie"},
    {"debian", "14", "forky"},
    {"debian", "15", "duke"},
    /* The number in words, as `lsb_release -c` joins them; os-release has the number in VERSION_ID,
     * the words at most in VERSION ("30 (Thirty)"), and an empty VERSION_CODENAME. */
    {"fedora", "24", "TwentyFour"},
    {"fedora", "25", "TwentyFive"},
    {"fedora", "26", "TwentySix"},
    {"fedora", "27", "TwentySeven"},
    {"fedora", "28", "TwentyEight"},
    {"fedora", "29", "TwentyNine"},
    {"fedora", "30", "Thirty"},
    {"fedora", "31", "ThirtyOne"},
    {"fedora", "32", "ThirtyTwo"},
    {"fedora", "33", "ThirtyThree"},
    {"fedora", "34", "ThirtyFour"},
    {"fedora", "35", "ThirtyFive"},
    {"fedora", "36", "ThirtySix"},
    {"fedora", "37", "ThirtySeven"},
    {"fedora", "38", "ThirtyEight"},
    {"fedora", "39", "ThirtyNine"},
    {"fedora", "40", "Forty"},
    {"fedora", "41", "FortyOne"},
    {"fedora", "42", "FortyTwo"},
    {"fedora", "43", "FortyThree"},
    {"fedora", "44", "FortyFour"},
    /* Amazon Linux 1 is "2018.03" to itself, and "1" or "2018" to archives. */
    {"amzn", "2018.03", "1"},
    {"amzn", "2018", "1"},
    {"amzn", "2017.09", "1"},
    {"amzn", "2017.03", "1"},
};

/* What in a kernel release names the distro. The first line that fits counts. */
enum mark_kind {
  /* `text`, digits and perhaps "_digits", then `after`: the digits are the distro's release. */
  MARK_NUMBERED,
  /* `text` is in it. */
  MARK_CONTAINED,
  /* X.Y.0-N-FLAVOR, maybe with more behind, and FLAVOR is one of `text`. */
  MARK_UBUNTU_FLAVOR,
  /* The end, from a '-', is one of `text`. */
  MARK_ENDING,
  /* The same; and behind the first '-', "150300" means release 15.3. */
  MARK_SUSE_ENDING
};
static const struct mark {
  enum mark_kind kind;
  const char *text, *after, *distros;
} marks[] = {
    {MARK_NUMBERED, ".el", "uek", "ol oracle"},
    {MARK_NUMBERED, ".el", "", "rhel redhat centos ol oracle rocky almalinux"},
    {MARK_NUMBERED, ".fc", "", "fedora"},
    {MARK_NUMBERED, ".amzn", "", "amzn amazon"},
    {MARK_NUMBERED, ".azl", "", "azurelinux"},
    {MARK_NUMBERED, ".cm", "", "mariner"},
    {MARK_NUMBERED, ".ph", "", "photon"},
    {MARK_NUMBERED, ".an", "", "anolis"},
    {MARK_CONTAINED, ".ky", "", "kylin"},
    {MARK_CONTAINED, ".bclinux", "", "bclinux"},
    {MARK_CONTAINED, ".oe", "", "openEuler openeuler"},
    {MARK_CONTAINED, "-flatcar", "", "flatcar"},
    {MARK_CONTAINED, "-kali", "", "kali"},
    {MARK_CONTAINED, "-arch", "", "arch"},
    {MARK_NUMBERED, "+deb", "", "debian"},
    {MARK_NUMBERED, ".deb", "", "debian"},
    {MARK_UBUNTU_FLAVOR,
     "generic lowlatency aws azure gcp gke gkeop oracle kvm ibm oem virtual raspi raspi2 fips "
     "nvidia "
     "intel realtime snapdragon bluefield euclid xilinx laptop",
     "", "ubuntu"},
    {MARK_ENDING,
     "-amd64 -arm64 -686 -686-pae -armmp -armmp-lpae -powerpc64le -s390x -riscv64 -loong64", "",
     "debian"},
    {MARK_SUSE_ENDING, "-default -preempt -azure -kvmsmall -vanilla -longterm", "",
     "sles opensuse-leap opensuse opensuse-tumbleweed suse"},
};

/* ---- What a host's keys are ----------------------------------------------------------------- */

#define MAX_NAMES 24

/* Names in the order of trying, no two the same. What is too much or too long is left out. */
struct names {
  size_t count;
  char text[MAX_NAMES][128];
};

/* A name that can stand in a key: never one that leads to elsewhere in a directory. */
static int is_name(const char* text, size_t length) {
  return length > 0 && length < sizeof((struct names*)0)->text[0] && text[0] != '.' &&
         memchr(text, '/', length) == NULL && !(length == 1 && text[0] == '*');
}

static int has(const struct names* names, const char* text) {
  size_t i;
  for (i = 0; i < names->count; ++i) {
    if (strcmp(names->text[i], text) == 0) return 1;
  }
  return 0;
}

static int has_common(const struct names* a, const struct names* b) {
  size_t i;
  for (i = 0; i < a->count; ++i) {
    if (has(b, a->text[i])) return 1;
  }
  return 0;
}

static void add(struct names* names, const char* text, size_t length) {
  if (names->count == MAX_NAMES || !is_name(text, length)) return;
  memcpy(names->text[names->count], text, length);
  names->text[names->count][length] = 0;
  if (!has(names, names->text[names->count])) ++names->count;
}

/* Calls for each word: `*words` moves behind it, its length is returned; 0 at the end. */
static size_t next_word(const char** words, const char** word) {
  *words += strspn(*words, " \t");
  *word = *words;
  *words += strcspn(*words, " \t");
  return (size_t)(*words - *word);
}

static int has_word(const char* words, const char* text, size_t text_length) {
  const char* word;
  size_t length;
  while ((length = next_word(&words, &word)) > 0) {
    if (length == text_length && memcmp(word, text, length) == 0) return 1;
  }
  return 0;
}

static void add_words(struct names* names, const char* words) {
  const char* word;
  size_t length;
  while ((length = next_word(&words, &word)) > 0) add(names, word, length);
}

static void add_distro(struct names* distros, const char* id, size_t length) {
  unsigned i;
  for (i = 0; i < COUNT_OF(distro_aliases); ++i) {
    if (strlen(distro_aliases[i].id) == length && memcmp(distro_aliases[i].id, id, length) == 0) {
      add_words(distros, distro_aliases[i].distros);
      return;
    }
  }
  add(distros, id, length);
}

/* "8.4.2" → "8.4.2", "8.4", "8". */
static void add_version(struct names* releases, const char* version) {
  size_t length = strlen(version);
  while (length > 0) {
    add(releases, version, length);
    while (length > 0 && version[length - 1] != '.') --length;
    if (length > 0) --length;
  }
}

/* For each release of the distros that is there, the other name of it. */
static void add_codenames(struct names* releases, const struct names* distros) {
  size_t i;
  unsigned j;
  for (i = 0; i < releases->count; ++i) {
    for (j = 0; j < COUNT_OF(codenames); ++j) {
      if (!has(distros, codenames[j].distro)) continue;
      if (strcmp(releases->text[i], codenames[j].codename) == 0) {
        add_version(releases, codenames[j].number);
      }
      if (strcmp(releases->text[i], codenames[j].number) == 0) {
        add(releases, codenames[j].codename, strlen(codenames[j].codename));
      }
    }
  }
}

static size_t digits_at(const char* text) {
  return strspn(text, "0123456789");
}

/* The end of the kernel release that begins with a '-' and is one of `endings`; or NULL. */
static const char* ending_among(const char* kernel, const char* endings) {
  const char* dash;
  for (dash = strchr(kernel, '-'); dash != NULL; dash = strchr(dash + 1, '-')) {
    if (has_word(endings, dash, strlen(dash))) return dash;
  }
  return NULL;
}

static int is_ubuntu(const char* kernel, const char* flavors) {
  int part;
  for (part = 0; part < 2; ++part) {
    kernel += digits_at(kernel);
    if (*kernel++ != '.') return 0;
  }
  if (strncmp(kernel, "0-", 2) != 0) return 0;
  kernel += 2;
  kernel += digits_at(kernel);
  return *kernel == '-' && has_word(flavors, kernel + 1, strcspn(kernel + 1, "-"));
}

/* Whether the kernel release bears the mark; the releases it tells are added. */
static int bears(const char* kernel, const struct mark* mark, struct names* releases) {
  char version[32];
  const char* at;
  switch (mark->kind) {
    case MARK_NUMBERED:
      for (at = strstr(kernel, mark->text); at != NULL; at = strstr(at + 1, mark->text)) {
        const char* const begin = at + strlen(mark->text);
        size_t length = digits_at(begin);
        if (length == 0 || length > 12) continue;
        (void)snprintf(version, sizeof version, "%.*s", (int)length, begin);
        if (begin[length] == '_' && is_digit(begin[length + 1])) {
          const size_t minor = digits_at(begin + length + 1);
          if (minor > 12) continue;
          (void)snprintf(version, sizeof version, "%.*s.%.*s", (int)length, begin, (int)minor,
                         begin + length + 1);
          length += 1 + minor;
        }
        if (strncmp(begin + length, mark->after, strlen(mark->after)) != 0) continue;
        add_version(releases, version);
        return 1;
      }
      return 0;
    case MARK_CONTAINED:
      return strstr(kernel, mark->text) != NULL;
    case MARK_UBUNTU_FLAVOR:
      return is_ubuntu(kernel, mark->text);
    case MARK_ENDING:
      return ending_among(kernel, mark->text) != NULL;
    case MARK_SUSE_ENDING:
      if (ending_among(kernel, mark->text) == NULL) return 0;
      at = strchr(kernel, '-') + 1;
      if (digits_at(at) == 6 && strncmp(at, "15", 2) == 0 && strncmp(at + 4, "00", 2) == 0) {
        (void)snprintf(version, sizeof version, "15.%c%c", at[2], at[3]);
        if (at[2] == '0') (void)snprintf(version, sizeof version, "15.%c", at[3]);
        add(releases, version, strlen(version));
      }
      return 1;
  }
  return 0;
}

/* The distros and releases that the kernel release names; returns the mark, or NULL. */
static const struct mark* read_marks(const char* kernel, struct names* distros,
                                     struct names* releases) {
  unsigned i;
  for (i = 0; i < COUNT_OF(marks); ++i) {
    if (bears(kernel, &marks[i], releases)) {
      add_words(distros, marks[i].distros);
      add_codenames(releases, distros);
      return &marks[i];
    }
  }
  return NULL;
}

static void read_os_release(const struct btfbatch_host* host, struct names* distros,
                            struct names* releases) {
  const char* words = host->id_like;
  const char* word;
  size_t length;
  add_distro(distros, host->id, strlen(host->id));
  while ((length = next_word(&words, &word)) > 0) add_distro(distros, word, length);
  add_version(releases, host->version_id);
  add(releases, host->version_codename, strlen(host->version_codename));
  add(releases, host->ubuntu_codename, strlen(host->ubuntu_codename));
  add_codenames(releases, distros);
}

static void read_machine(const char* machine, struct names* archs) {
  unsigned i;
  for (i = 0; i < COUNT_OF(arch_spellings); ++i) {
    if (has_word(arch_spellings[i].machines, machine, strlen(machine))) {
      add_words(archs, arch_spellings[i].folders);
      return;
    }
  }
  add(archs, machine, strlen(machine));
}

/* The kernel release as it is, and without the arch at its end. */
static void read_kernel(const char* kernel, const struct names* archs, struct names* kernels) {
  const char* const dot = strrchr(kernel, '.');
  add(kernels, kernel, strlen(kernel));
  if (dot != NULL && has(archs, dot + 1)) add(kernels, kernel, (size_t)(dot - kernel));
}

/* Whether `name` is the kernel release with one more number, SUSE's build counter, before the
 * flavor: "4.4.162-94.69.2-default" is "4.4.162-94.69-default" so. */
static int has_build_counter(const char* name, const char* kernel) {
  const char* const flavor = strrchr(kernel, '-');
  const size_t before = flavor == NULL ? 0 : (size_t)(flavor - kernel);
  size_t digits;
  if (before == 0 || strncmp(name, kernel, before) != 0 || name[before] != '.') return 0;
  digits = digits_at(name + before + 1);
  return digits > 0 && digits <= 2 && strcmp(name + before + 1 + digits, flavor) == 0;
}

/* Compares kernel releases as versions: runs of digits as numbers, the rest as text. */
static int compare_versions(const char* a, const char* b) {
  while (*a != 0 && *b != 0) {
    if (is_digit(*a) && is_digit(*b)) {
      size_t digits_a, digits_b;
      int order;
      a += strspn(a, "0");
      b += strspn(b, "0");
      digits_a = digits_at(a);
      digits_b = digits_at(b);
      if (digits_a != digits_b) return digits_a < digits_b ? -1 : 1;
      order = strncmp(a, b, digits_a);
      if (order != 0) return order;
      a += digits_a;
      b += digits_b;
    } else {
      if (*a != *b) return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
      ++a;
      ++b;
    }
  }
  return (*a != 0) - (*b != 0);
}

/* Same major and minor version, and the same flavor: all from the first letter on. */
static int same_series(const char* a, const char* b) {
  size_t numbers_a, numbers_b, minor;
  minor = digits_at(a);
  if (a[minor] != '.') return 0;
  minor += 1 + digits_at(a + minor + 1);
  if (strncmp(a, b, minor) != 0 || is_digit(b[minor])) return 0;
  for (numbers_a = 0; a[numbers_a] != 0 && !is_letter(a[numbers_a]); ++numbers_a) {
  }
  for (numbers_b = 0; b[numbers_b] != 0 && !is_letter(b[numbers_b]); ++numbers_b) {
  }
  return strcmp(a + numbers_a, b + numbers_b) == 0;
}

/* ---- The two places to search --------------------------------------------------------------- */

enum { DISTRO, RELEASE, ARCH, KERNEL, PARTS };

/* A kernel that was come upon. */
struct found {
  char part[PARTS][BTFBATCH_NAME_SIZE];
  char path[BTFBATCH_PATH_SIZE]; /* in a directory */
  uint32_t row;                  /* in a .btfs file */
};

struct search {
  const struct btfbatch_btfs* btfs; /* either this */
  const char* directory;            /* or this */
  const struct btfbatch_options* options;
  struct btfbatch_result* result;
  const char* kernel; /* the host's */
  struct names archs, kernels;
  const struct mark* mark;    /* what the kernel release says of its distro; may be NULL */
  unsigned long entries_left; /* of directories, to be read */
  int error;                  /* errno, where something could not be read */
};

/* How well a kernel of the archive fits, 0 the best; below 0, not at all. */
typedef int (*fit_function)(const struct search* search, const char* arch, const char* kernel);
typedef void (*take_function)(struct search* search, void* context, const struct found* found,
                              int rank);

static int compare_keys(const struct found* a, const struct found* b) {
  int part;
  for (part = 0; part < PARTS; ++part) {
    const int order = strcmp(a->part[part], b->part[part]);
    if (order != 0) return order;
  }
  return 0;
}

static int rank_of(const struct search* search, fit_function fit, const struct found* found) {
  const int rank = fit(search, found->part[ARCH], found->part[KERNEL]);
  if (rank < 0) return rank;
  return rank + 4 * (found->part[ARCH][0] == 0) + 8 * (found->part[RELEASE][0] == 0) +
         16 * (found->part[DISTRO][0] == 0);
}

static void found_in_btfs(const struct btfbatch_btfs* btfs, uint32_t row, struct found* found) {
  unsigned part;
  found->row = row;
  found->path[0] = 0;
  for (part = 0; part < PARTS; ++part) {
    (void)snprintf(found->part[part], sizeof found->part[part], "%s",
                   string_at(btfs, cell(btfs, row, part)));
  }
}

/* The number of a string, or the count of strings where there is none such. */
static uint32_t number_of(const struct btfbatch_btfs* btfs, const char* text) {
  uint32_t low = 0, high = btfs->string_count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    const int order = strcmp(string_at(btfs, middle), text);
    if (order == 0) return middle;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return btfs->string_count;
}

/* Compares the first `parts` columns of a row with the numbers of strings that are wanted there. */
static int compare_row(const struct btfbatch_btfs* btfs, uint32_t row, const uint32_t* wanted,
                       unsigned parts) {
  unsigned part;
  for (part = 0; part < parts; ++part) {
    const uint32_t its = cell(btfs, row, part);
    if (its != wanted[part]) return its < wanted[part] ? -1 : 1;
  }
  return 0;
}

/* Finds the first row whose first `parts` columns are those of the key. */
static int first_row(const struct btfbatch_btfs* btfs, const char* const* key, unsigned parts,
                     uint32_t* row) {
  uint32_t wanted[PARTS];
  uint32_t low = 0, high = btfs->kernel_count;
  unsigned part;
  for (part = 0; part < parts; ++part) {
    wanted[part] = number_of(btfs, key[part]);
    if (wanted[part] == btfs->string_count) return 0;
  }
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (compare_row(btfs, middle, wanted, parts) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  *row = low;
  return low < btfs->kernel_count && compare_row(btfs, low, wanted, parts) == 0;
}

static int probe_btfs(const struct btfbatch_btfs* btfs, const char* const key[PARTS],
                      struct found* found) {
  uint32_t row;
  if (!first_row(btfs, key, PARTS, &row)) return 0;
  found_in_btfs(btfs, row, found);
  return 1;
}

static void visit_btfs(struct search* search, const char* distro, const char* release,
                       fit_function fit, take_function use, void* context) {
  const struct btfbatch_btfs* const btfs = search->btfs;
  const uint32_t distro_number = distro == NULL ? 0 : number_of(btfs, distro);
  const uint32_t release_number = release == NULL ? 0 : number_of(btfs, release);
  uint32_t row;
  for (row = 0; row < btfs->kernel_count; ++row) {
    struct found found;
    if ((distro != NULL && cell(btfs, row, COLUMN_DISTRO) != distro_number) ||
        (release != NULL && cell(btfs, row, COLUMN_RELEASE) != release_number) ||
        fit(search, string_at(btfs, cell(btfs, row, COLUMN_ARCH)),
            string_at(btfs, cell(btfs, row, COLUMN_KERNEL))) < 0) {
      continue;
    }
    found_in_btfs(btfs, row, &found);
    use(search, context, &found, rank_of(search, fit, &found));
  }
}

static int copy_part(char part[BTFBATCH_NAME_SIZE], const char* text, size_t length) {
  if (length >= BTFBATCH_NAME_SIZE) return 0;
  memcpy(part, text, length);
  part[length] = 0;
  return 1;
}

#define MAX_DEPTH 6

/* Who the file at `path`, relative to the tree and ending in ".btf", is: the rule of
 * core/kernel_identity.cpp. Returns 0 where a name is too long. */
static int identify(const char* path, struct found* found) {
  const char* folder[MAX_DEPTH];
  size_t length[MAX_DEPTH];
  size_t count = 0, arch, name_length;
  const char* slash;
  const char* name;
  int part;
  for (part = 0; part < PARTS; ++part) found->part[part][0] = 0;
  while ((slash = strchr(path, '/')) != NULL) {
    if (count == MAX_DEPTH) return 0;
    folder[count] = path;
    length[count++] = (size_t)(slash - path);
    path = slash + 1;
  }
  name = path;
  if (strncmp(name, "vmlinux-", 8) == 0) name += 8;
  name_length = strlen(name) - 4;
  for (arch = count; arch > 0; --arch) {
    if (has_word(arch_names, folder[arch - 1], length[arch - 1])) break;
  }
  if (arch > 0) {
    if (!copy_part(found->part[ARCH], folder[arch - 1], length[arch - 1]) ||
        (arch > 1 && !copy_part(found->part[RELEASE], folder[arch - 2], length[arch - 2])) ||
        (arch > 2 && !copy_part(found->part[DISTRO], folder[arch - 3], length[arch - 3]))) {
      return 0;
    }
  } else {
    const char* words = arch_names;
    const char* word;
    size_t size;
    while ((size = next_word(&words, &word)) > 0) {
      if (name_length > size + 1 && memcmp(name + name_length - size, word, size) == 0 &&
          strchr(".-_", name[name_length - size - 1]) != NULL) {
        (void)copy_part(found->part[ARCH], word, size);
        break;
      }
    }
    if ((count > 0 && !copy_part(found->part[DISTRO], folder[0], length[0])) ||
        (count > 1 && !copy_part(found->part[RELEASE], folder[1], length[1]))) {
      return 0;
    }
  }
  if (name_length == 7 && memcmp(name, "vmlinux", 7) == 0) {
    if (count <= 2 || has_word(arch_names, folder[count - 1], length[count - 1])) return 1;
    return copy_part(found->part[KERNEL], folder[count - 1], length[count - 1]);
  }
  return copy_part(found->part[KERNEL], name, name_length);
}

static int is_file(const char* path) {
  struct stat status;
  return stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

static int probe_directory(const struct search* search, const char* const key[PARTS],
                           struct found* found) {
  int length = snprintf(found->path, sizeof found->path, "%s", search->directory);
  unsigned part;
  for (part = 0; part < PARTS; ++part) {
    if (length < 0 || (size_t)length >= sizeof found->path) return 0;
    if (key[part][0] == 0) continue;
    length += snprintf(found->path + length, sizeof found->path - (size_t)length, "/%s%s",
                       key[part], part == KERNEL ? ".btf" : "");
  }
  if (length < 0 || (size_t)length >= sizeof found->path || !is_file(found->path) ||
      !identify(found->path + strlen(search->directory) + 1, found)) {
    return 0;
  }
  /* A flatter tree can have something else at that path. An arch that the key leaves open may be at
   * the end of the name. */
  return strcmp(found->part[DISTRO], key[DISTRO]) == 0 &&
         strcmp(found->part[RELEASE], key[RELEASE]) == 0 &&
         (key[ARCH][0] == 0 || strcmp(found->part[ARCH], key[ARCH]) == 0);
}

/* Goes down to MAX_DEPTH folders deep, without recursion: `open[depth]` is being read, and `path`
 * up to `length[depth]` is its name. */
static void visit_directory(struct search* search, const char* distro, const char* release,
                            fit_function fit, take_function use, void* context) {
  DIR* open[MAX_DEPTH];
  size_t length[MAX_DEPTH];
  struct found found;
  char* const path = found.path;
  const size_t root = strlen(search->directory) + 1;
  int depth = 0;
  int size = snprintf(path, sizeof found.path, "%s%s%s%s%s", search->directory,
                      distro == NULL ? "" : "/", distro == NULL ? "" : distro,
                      release == NULL ? "" : "/", release == NULL ? "" : release);
  if (size < 0 || (size_t)size >= sizeof found.path) return;
  length[0] = (size_t)size;
  open[0] = opendir(path);
  if (open[0] == NULL) {
    if (errno != ENOENT && errno != ENOTDIR && search->error == 0) search->error = errno;
    return;
  }
  found.row = 0;
  while (depth >= 0) {
    const struct dirent* entry;
    size_t name_length;
    path[length[depth]] = 0;
    errno = 0;
    entry = search->error == 0 ? readdir(open[depth]) : NULL;
    if (entry == NULL) {
      if (errno != 0 && search->error == 0) search->error = errno;
      (void)closedir(open[depth--]);
      continue;
    }
    if (search->entries_left-- == 0) {
      search->error = ELOOP;
      continue;
    }
    name_length = strlen(entry->d_name);
    if (entry->d_name[0] == '.' || length[depth] + 1 + name_length >= sizeof found.path) continue;
    path[length[depth]] = '/';
    memcpy(path + length[depth] + 1, entry->d_name, name_length + 1);
    if (name_length > 4 && strcmp(entry->d_name + name_length - 4, ".btf") == 0) {
      if (identify(path + root, &found) &&
          (distro == NULL || strcmp(found.part[DISTRO], distro) == 0) &&
          (release == NULL || strcmp(found.part[RELEASE], release) == 0) &&
          fit(search, found.part[ARCH], found.part[KERNEL]) >= 0 && is_file(path)) {
        use(search, context, &found, rank_of(search, fit, &found));
      }
    } else if (depth + 1 < MAX_DEPTH && entry->d_type != DT_REG) {
      open[depth + 1] = opendir(path);
      if (open[depth + 1] != NULL) {
        length[depth + 1] = length[depth] + 1 + name_length;
        ++depth;
      } else if (errno != ENOTDIR && errno != ENOENT && errno != ELOOP) {
        search->error = errno;
      }
    }
  }
}

/* Whether a distro (release: NULL), or a release of it, can have kernels here at all. */
static int is_there(const struct search* search, const char* distro, const char* release) {
  char path[BTFBATCH_PATH_SIZE];
  struct stat status;
  if (search->btfs != NULL) {
    const char* key[2];
    uint32_t row;
    key[DISTRO] = distro;
    key[RELEASE] = release;
    return first_row(search->btfs, key, release == NULL ? 1 : 2, &row);
  }
  if ((size_t)snprintf(path, sizeof path, "%s/%s/%s", search->directory, distro,
                       release == NULL ? "" : release) >= sizeof path) {
    return 0;
  }
  /* What cannot be looked at is told when it is read. */
  return stat(path, &status) == 0 ? S_ISDIR(status.st_mode) : errno != ENOENT && errno != ENOTDIR;
}

static int probe(const struct search* search, const char* const key[PARTS], struct found* found) {
  return search->btfs != NULL ? probe_btfs(search->btfs, key, found)
                              : probe_directory(search, key, found);
}

/* All kernels of the distro and release (NULL: any) that fit. */
static void visit(struct search* search, const char* distro, const char* release, fit_function fit,
                  take_function use, void* context) {
  if (search->btfs != NULL) {
    visit_btfs(search, distro, release, fit, use, context);
  } else {
    visit_directory(search, distro, release, fit, use, context);
  }
}

static int same_bytes(const char* path_a, const char* path_b) {
  char bytes_a[8192];
  char bytes_b[sizeof bytes_a];
  struct stat status_a, status_b;
  const int a = open(path_a, O_RDONLY | O_CLOEXEC);
  const int b = open(path_b, O_RDONLY | O_CLOEXEC);
  off_t at = 0;
  int same = a >= 0 && b >= 0 && fstat(a, &status_a) == 0 && fstat(b, &status_b) == 0 &&
             status_a.st_size == status_b.st_size;
  if (same && status_a.st_ino == status_b.st_ino && status_a.st_dev == status_b.st_dev) {
    at = status_a.st_size;
  }
  while (same && at < status_a.st_size) {
    const ssize_t count = pread(a, bytes_a, sizeof bytes_a, at);
    same = count > 0 && pread(b, bytes_b, (size_t)count, at) == count &&
           memcmp(bytes_a, bytes_b, (size_t)count) == 0;
    at += count;
  }
  if (a >= 0) (void)close(a);
  if (b >= 0) (void)close(b);
  return same;
}

static int same_btf(const struct search* search, const struct found* a, const struct found* b) {
  if (search->btfs == NULL) return same_bytes(a->path, b->path);
  return cell(search->btfs, a->row, COLUMN_BLOB) == cell(search->btfs, b->row, COLUMN_BLOB);
}

/* ---- The search ----------------------------------------------------------------------------- */

enum outcome { MISS, HIT, REFUSED };

static void explain(const struct search* search, const char* distro, const char* release,
                    const char* arch, const char* kernel, int hit, const char* why) {
  struct btfbatch_trial trial;
  if (search->options == NULL || search->options->explain == NULL) return;
  trial.distro = distro;
  trial.release = release;
  trial.arch = arch;
  trial.kernel_release = kernel;
  trial.hit = hit;
  trial.why = why;
  search->options->explain(search->options->context, &trial);
}

static void remark(const struct search* search, const char* text) {
  explain(search, NULL, NULL, NULL, NULL, 0, text);
}

static enum outcome succeed(struct search* search, const struct found* found,
                            enum btfbatch_how how) {
  struct btfbatch_result* const result = search->result;
  struct btfbatch_kernel kernel;
  memcpy(result->distro, found->part[DISTRO], sizeof result->distro);
  memcpy(result->release, found->part[RELEASE], sizeof result->release);
  memcpy(result->arch, found->part[ARCH], sizeof result->arch);
  memcpy(result->kernel_release, found->part[KERNEL], sizeof result->kernel_release);
  memcpy(result->path, found->path, sizeof result->path);
  if (search->btfs != NULL &&
      btfbatch_kernel_at(search->btfs, found->row, &kernel) == BTFBATCH_OK) {
    result->data = kernel.data;
    result->size = kernel.size;
  }
  result->how = how;
  result->choice_count = 0;
  return HIT;
}

static void add_choice(struct btfbatch_result* result, const struct found* found) {
  char text[BTFBATCH_CHOICE_SIZE];
  size_t at =
      result->choice_count < BTFBATCH_MAX_CHOICES ? result->choice_count : BTFBATCH_MAX_CHOICES;
  (void)snprintf(text, sizeof text, "%.127s/%.127s/%.63s/%.127s", found->part[DISTRO],
                 found->part[RELEASE], found->part[ARCH], found->part[KERNEL]);
  ++result->choice_count;
  while (at > 0 && strcmp(result->choices[at - 1], text) > 0) {
    if (at < BTFBATCH_MAX_CHOICES)
      memcpy(result->choices[at], result->choices[at - 1], sizeof text);
    --at;
  }
  if (at < BTFBATCH_MAX_CHOICES) memcpy(result->choices[at], text, sizeof text);
}

/* Of several that fit, those that fit best; they should all have one BTF. */
struct collection {
  size_t seen;  /* with those that fit less well */
  size_t count; /* of those that fit best */
  int rank, differ;
  struct found first; /* by key */
};

static void collect(struct search* search, void* context, const struct found* found, int rank) {
  struct collection* const all = context;
  ++all->seen;
  if (all->count > 0 && rank > all->rank) return;
  if (all->count == 0 || rank < all->rank) {
    all->count = 0;
    all->differ = 0;
    all->rank = rank;
    search->result->choice_count = 0;
  } else if (!same_btf(search, &all->first, found)) {
    all->differ = 1;
  }
  if (all->count == 0 || compare_keys(found, &all->first) < 0) all->first = *found;
  ++all->count;
  add_choice(search->result, found);
}

static enum outcome settle(struct search* search, const struct collection* all,
                           enum btfbatch_how how) {
  if (all->count == 0) return MISS;
  if (all->differ) {
    remark(search, "refused: these have different BTF, and nothing says which is right");
    return REFUSED;
  }
  return succeed(search, &all->first, how);
}

static int fits_arch(const struct search* search, const char* arch) {
  return arch[0] == 0 || has(&search->archs, arch);
}

static int fit_counter(const struct search* search, const char* arch, const char* kernel) {
  return fits_arch(search, arch) && search->mark != NULL &&
                 search->mark->kind == MARK_SUSE_ENDING && has_build_counter(kernel, search->kernel)
             ? 2
             : -1;
}

static int fit_kernel(const struct search* search, const char* arch, const char* kernel) {
  if (!fits_arch(search, arch)) return -1;
  if (strcmp(kernel, search->kernels.text[0]) == 0) return 0;
  if (search->kernels.count > 1 && strcmp(kernel, search->kernels.text[1]) == 0) return 1;
  return fit_counter(search, arch, kernel);
}

/* What is not there at all is said once, instead of for each key. */
static int knows(const struct search* search, const char* distro, const char* release) {
  if (is_there(search, distro, release)) return 1;
  explain(search, distro, release == NULL ? "*" : release, "*", "*", 0,
          release == NULL ? "the archive has no such distro" : "the archive has no such release");
  return 0;
}

/* One distro and release: each arch, then no arch, each spelling of the kernel release; then SUSE's
 * build counters. What matches goes to `all`. */
static void try_pair(struct search* search, const char* distro, const char* release,
                     struct collection* all) {
  const size_t before = all->seen;
  struct found found;
  size_t arch, kernel;
  if (!knows(search, distro, release)) return;
  found.row = 0;
  for (arch = 0; arch <= search->archs.count; ++arch) {
    for (kernel = 0; kernel < search->kernels.count; ++kernel) {
      const char* key[PARTS];
      int hit;
      key[DISTRO] = distro;
      key[RELEASE] = release;
      key[ARCH] = arch < search->archs.count ? search->archs.text[arch] : "";
      key[KERNEL] = search->kernels.text[kernel];
      hit = probe(search, key, &found);
      explain(search, distro, release, key[ARCH], key[KERNEL], hit,
              hit ? "there" : "not in the archive");
      if (hit) {
        collect(search, all, &found, 0);
        return;
      }
    }
  }
  if (search->mark != NULL && search->mark->kind == MARK_SUSE_ENDING) {
    visit(search, distro, release, fit_counter, collect, all);
    explain(search, distro, release, "*", search->kernel, all->seen > before,
            all->seen > before ? "there with a build counter" : "nor with a build counter");
  }
}

/* Each distro with each release, in order, the first that matches. */
static enum outcome try_in_order(struct search* search, const struct names* distros,
                                 const struct names* releases, enum btfbatch_how how) {
  size_t distro, release;
  for (distro = 0; distro < distros->count; ++distro) {
    if (!knows(search, distros->text[distro], NULL)) continue;
    for (release = 0; release < releases->count; ++release) {
      struct collection all;
      enum outcome outcome;
      all.seen = all.count = 0;
      try_pair(search, distros->text[distro], releases->text[release], &all);
      outcome = settle(search, &all, how);
      if (outcome != MISS) return outcome;
    }
  }
  return MISS;
}

/* The same, but all that match must have one BTF. */
static enum outcome try_all(struct search* search, const struct names* distros,
                            const struct names* releases, enum btfbatch_how how) {
  struct collection all;
  size_t distro, release;
  all.seen = all.count = 0;
  for (distro = 0; distro < distros->count; ++distro) {
    if (!knows(search, distros->text[distro], NULL)) continue;
    for (release = 0; release < releases->count; ++release) {
      /* A release by its other name is no other kernel: with links the bytes are the same, and
       * without, the first of the names that is there counts. */
      const size_t before = all.seen;
      try_pair(search, distros->text[distro], releases->text[release], &all);
      if (all.seen > before) break;
    }
  }
  return settle(search, &all, how);
}

/* All releases of the distros; of all distros where `distros` is NULL. */
static enum outcome try_any_release(struct search* search, const struct names* distros,
                                    enum btfbatch_how how) {
  struct collection all;
  size_t distro;
  all.seen = all.count = 0;
  if (distros == NULL) {
    visit(search, NULL, NULL, fit_kernel, collect, &all);
    explain(search, "*", "*", "*", search->kernel, all.count > 0,
            all.count > 0 ? "there" : "not in the archive");
    return settle(search, &all, how);
  }
  for (distro = 0; distro < distros->count; ++distro) {
    const size_t before = all.seen;
    if (!is_there(search, distros->text[distro], NULL)) continue; /* has been said */
    visit(search, distros->text[distro], NULL, fit_kernel, collect, &all);
    explain(search, distros->text[distro], "*", "*", search->kernel, all.seen > before,
            all.seen > before ? "there" : "not in the archive");
  }
  return settle(search, &all, how);
}

struct neighbors {
  int has_older, has_newer;
  struct found older, newer;
};

static int fit_series(const struct search* search, const char* arch, const char* kernel) {
  return has(&search->archs, arch) && same_series(search->kernel, kernel) ? 0 : -1;
}

static void take_neighbor(struct search* search, void* context, const struct found* found,
                          int rank) {
  struct neighbors* const neighbors = context;
  const char* const name = found->part[KERNEL];
  const int side = compare_versions(name, search->kernel);
  int* const has_one = side < 0 ? &neighbors->has_older : &neighbors->has_newer;
  struct found* const best = side < 0 ? &neighbors->older : &neighbors->newer;
  int order;
  (void)rank;
  if (side == 0) return;
  order = *has_one ? compare_versions(name, best->part[KERNEL]) : 0;
  if (!*has_one || (side < 0 ? order > 0 : order < 0) ||
      (order == 0 && compare_keys(found, best) < 0)) {
    *best = *found;
    *has_one = 1;
  }
}

static enum outcome try_neighbors(struct search* search, const struct names* distros,
                                  const struct names* releases) {
  size_t distro, release;
  for (distro = 0; distro < distros->count; ++distro) {
    for (release = 0; release < releases->count; ++release) {
      struct neighbors neighbors;
      const char* why = "the kernels of this series next to it, older and newer, have the same BTF";
      int hit;
      if (!is_there(search, distros->text[distro], releases->text[release])) continue;
      neighbors.has_older = neighbors.has_newer = 0;
      visit(search, distros->text[distro], releases->text[release], fit_series, take_neighbor,
            &neighbors);
      hit = neighbors.has_older && neighbors.has_newer;
      if (!hit) {
        why = "no two kernels of this series, one older and one newer";
      } else if (strcmp(neighbors.older.part[ARCH], neighbors.newer.part[ARCH]) != 0 ||
                 !same_btf(search, &neighbors.older, &neighbors.newer)) {
        why = "the kernels of this series next to it, older and newer, have different BTF";
        hit = 0;
      }
      explain(search, distros->text[distro], releases->text[release], "*", search->kernel, hit,
              why);
      if (hit) {
        memcpy(search->result->newer, neighbors.newer.part[KERNEL], sizeof search->result->newer);
        return succeed(search, &neighbors.older, BTFBATCH_BY_NEIGHBORS);
      }
    }
  }
  return MISS;
}

/* The steps of btfbatch_find(), as the header tells them. */
static enum outcome run_search(struct search* search, const struct btfbatch_host* host) {
  struct names os_distros, os_releases, kernel_distros, kernel_releases;
  enum outcome outcome = MISS;
  const char* bare = host->kernel_release;
  int is_contradicted, has_other_release;
  size_t i;
  os_distros.count = os_releases.count = kernel_distros.count = kernel_releases.count = 0;
  read_os_release(host, &os_distros, &os_releases);
  search->mark = read_marks(host->kernel_release, &kernel_distros, &kernel_releases);
  is_contradicted = kernel_distros.count > 0 && !has_common(&os_distros, &kernel_distros);
  has_other_release = !is_contradicted && kernel_releases.count > 0 && os_releases.count > 0 &&
                      !has_common(&os_releases, &kernel_releases);

  if (is_contradicted) {
    remark(search, os_distros.count > 0
                       ? "the kernel release names another distro than os-release, which is a "
                         "container's then: first what the kernel release says"
                       : "nothing is known from os-release: what the kernel release says");
    outcome = try_all(search, &kernel_distros, &kernel_releases, BTFBATCH_BY_KERNEL_RELEASE);
    if (outcome == MISS) {
      outcome = try_any_release(search, &kernel_distros, BTFBATCH_BY_KERNEL_RELEASE);
    }
  } else if (has_other_release) {
    remark(search,
           "the kernel release names another release of the distro than os-release, which "
           "may be a container's: first what the kernel release says");
    outcome = try_in_order(search, &os_distros, &kernel_releases, BTFBATCH_BY_KERNEL_RELEASE);
  }
  if (!is_contradicted) {
    for (i = 0; i < kernel_releases.count && !has_other_release; ++i) {
      add(&os_releases, kernel_releases.text[i], strlen(kernel_releases.text[i]));
    }
  }
  if (outcome == MISS && os_distros.count > 0) {
    remark(search, "what os-release says");
    outcome = try_in_order(search, &os_distros, &os_releases, BTFBATCH_BY_OS_RELEASE);
  }
  if (outcome == MISS && os_distros.count > 0) {
    remark(search, "the same distros, any release");
    outcome = try_any_release(search, &os_distros, BTFBATCH_BY_DISTRO);
  }
  bare += strspn(bare, "0123456789.");
  if (outcome == MISS && (*bare != 0 || os_distros.count == 0)) {
    remark(search, "any distro");
    outcome = try_any_release(search, NULL, BTFBATCH_BY_KERNEL_ALONE);
  } else if (outcome == MISS) {
    remark(search, "not tried under other distros: the kernel release is a bare version");
  }
  if (outcome == MISS && search->options != NULL && search->options->nearest) {
    remark(search, "its neighbors, as asked");
    outcome = try_neighbors(search, &kernel_distros, &kernel_releases);
    if (outcome == MISS) outcome = try_neighbors(search, &os_distros, &os_releases);
  }
  return outcome;
}

static enum btfbatch_status find(struct search* search, const struct btfbatch_host* host,
                                 const struct btfbatch_options* options,
                                 struct btfbatch_result* result) {
  enum outcome outcome;
  memset(result, 0, sizeof *result);
  search->options = options;
  search->result = result;
  search->kernel = host->kernel_release;
  search->archs.count = search->kernels.count = 0;
  search->entries_left = 4UL << 20;
  search->error = 0;
  read_machine(host->machine, &search->archs);
  read_kernel(host->kernel_release, &search->archs, &search->kernels);
  if (search->archs.count == 0 || search->kernels.count == 0) return BTFBATCH_INVALID;
  outcome = run_search(search, host);
  if (search->error != 0) {
    errno = search->error;
    return BTFBATCH_SYSTEM;
  }
  return outcome == HIT       ? BTFBATCH_OK
         : outcome == REFUSED ? BTFBATCH_AMBIGUOUS
                              : BTFBATCH_NOT_FOUND;
}

enum btfbatch_status btfbatch_find(const struct btfbatch_btfs* btfs,
                                   const struct btfbatch_host* host,
                                   const struct btfbatch_options* options,
                                   struct btfbatch_result* result) {
  struct search search;
  if (btfs == NULL || btfs->file == NULL || host == NULL || result == NULL) return BTFBATCH_INVALID;
  search.btfs = btfs;
  search.directory = NULL;
  return find(&search, host, options, result);
}

enum btfbatch_status btfbatch_find_in_directory(const char* directory,
                                                const struct btfbatch_host* host,
                                                const struct btfbatch_options* options,
                                                struct btfbatch_result* result) {
  struct search search;
  DIR* opened;
  if (directory == NULL || host == NULL || result == NULL) return BTFBATCH_INVALID;
  opened = opendir(directory);
  if (opened == NULL) return BTFBATCH_SYSTEM;
  (void)closedir(opened);
  search.btfs = NULL;
  search.directory = directory;
  return find(&search, host, options, result);
}

int btfbatch_memfd(const void* data, size_t size, char path[BTFBATCH_FD_PATH_SIZE]) {
  const char* bytes = data;
  /* By number: older C libraries have no memfd_create(). 1 is MFD_CLOEXEC. */
  const int file = (int)syscall(SYS_memfd_create, "btfbatch", 1U);
  if (file < 0) return -1;
  while (size > 0) {
    const ssize_t count = write(file, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const int error = count < 0 ? errno : EIO;
      (void)close(file);
      errno = error;
      return -1;
    }
    bytes += count;
    size -= (size_t)count;
  }
  (void)snprintf(path, BTFBATCH_FD_PATH_SIZE, "/proc/self/fd/%d", file);
  return file;
}

/* NOLINTEND(readability-identifier-naming,bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
 */
