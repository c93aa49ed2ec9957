/* Finding the BTF of a host's kernel, in a .btfs file in memory or in a tree of files.
 *
 * A small C99 library without dependencies (libc alone): this header and btfbatch_find.c. Nothing
 * here allocates memory, prints, or keeps state: any function may be called from any number of
 * threads at once, as long as what it writes to (its non-const arguments) is not shared.
 *
 *     struct btfbatch_btfs btfs;
 *     struct btfbatch_host host;
 *     struct btfbatch_result found;
 *     char path[BTFBATCH_FD_PATH_SIZE];
 *     if (btfbatch_open(&btfs, bytes, size) == BTFBATCH_OK &&
 *         btfbatch_host_read(&host, NULL) == BTFBATCH_OK &&
 *         btfbatch_find(&btfs, &host, NULL, &found) == BTFBATCH_OK) {
 *       int fd = btfbatch_memfd(found.data, found.size, path);
 *       // open the object with bpf_object_open_opts.btf_custom_path = path, then close(fd)
 *     }
 *
 * What the keys are, and in which order they are tried, is told at btfbatch_find().
 *
 *
 * The .btfs file
 * ==============
 *
 * Many minimized BTFs in one file, made to be embedded: each distinct BTF once (a "blob"), and an
 * index of kernels. All numbers are unsigned and little-endian, at any alignment.
 *
 * The header:
 *
 *   offset size
 *        0    8  magic: 89 42 54 46 53 0d 0a 1a ("\x89BTFS\r\n\x1a"; what changes line ends or cuts
 *                the eighth bit breaks it)
 *        8    2  major version: 1. A reader refuses another: what it knows is not true there.
 *       10    2  minor version: 0. Higher ones only add: fields behind the ones here, sections of
 *                other types. A reader passes over them.
 *       12    4  header size in bytes: where the payload begins. 72, more in higher minor versions;
 *                a multiple of 8
 *       16    8  file size in bytes, all in all
 *       24    8  payload size in bytes, once decompressed
 *       32    4  compression: 0 stored, 1 zstd. A reader refuses others.
 *       36    4  number of sections
 *       40   16  fingerprint of the object set that the BTFs serve (of all that the objects ask
 *                of a kernel), its most significant byte first; zeros where it is not known
 *       56    8  checksum: CRC-64/XZ of the whole file (ECMA-182 polynomial, reflected; Go's
 *                crc64.ECMA), as if these 8 bytes were zero
 *       64    8  zero
 *
 *   CRC-64, since it needs ten lines in C and none in Go, and is sure to see every change within 8
 *   bytes in a row. It is against damage, not against an attacker: a reader checks everything.
 *
 * The payload comes behind the header, to the end of the file. Stored, it can be read in place:
 * where the file lies at a multiple of 8 in memory, every blob does. With zstd, all of it is one
 * zstd frame. This library does not decompress (it would no longer be small, nor free of
 * dependencies): btfbatch makes a stored file of a compressed one.
 *
 * The payload begins with the table of sections; then sections, in the order of their types, each
 * padded with zeros to a multiple of 8:
 *
 *   offset size
 *        0    4  type: 1 strings, 2 kernels, 3 blob table, 4 blobs. Each of these exactly once.
 *        4    4  zero
 *        8    8  offset in the payload, a multiple of 8
 *       16    8  size in bytes, without padding
 *
 * Strings: every name once, in ascending order of their bytes. The number of a string is its place.
 *
 *        0    4  number of strings
 *        4    1  width W of an offset: 1, 2 or 4 bytes; the writer takes the least that does
 *        5    3  zero
 *        8       offset of each string, W bytes each; one more for the end of the last
 *                the strings, each ended by a zero byte: at most 255 bytes without it, and no bytes
 *                below 0x20, no '/', no 0x7f in it. Offsets count from the first string's begin.
 *
 * Kernels: the index, by columns, which compress better than rows. The rows are in ascending order
 * of (distro, release, arch, kernel release), and no two are the same. Names that the archive does
 * not tell are the empty string. Several kernels can have one blob; the other paths of an archive
 * ("ubuntu/focal" beside "ubuntu/20.04") are kernels of their own here.
 *
 *        0    4  number of kernels N
 *        4    1  width S of a string's number: 1, 2 or 4 bytes
 *        5    1  width B of a blob's number: 1, 2 or 4 bytes
 *        6    2  zero
 *        8       N times the number of the distro, S bytes each; then N times the release, N times
 *                the arch, N times the kernel release (S bytes each); then N times the number of
 *                the blob, B bytes each
 *
 * Blob table:
 *
 *        0    4  number of blobs M
 *        4    1  width W of an offset: 1, 2 or 4 bytes
 *        5    3  zero
 *        8       offset of each blob in the section of blobs, in units of 8 bytes, W bytes each;
 *                one more for the end of that section
 *                padding of each blob, one byte each, 0 to 7: the bytes between its end and the
 *                next offset
 *
 * Blobs: the BTFs, each padded with zeros to a multiple of 8. The writer puts similar ones next to
 * each other; readers need not care.
 */
#ifndef BTFBATCH_FIND_H
#define BTFBATCH_FIND_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The C++ of this project has other customs.
 * NOLINTBEGIN(readability-identifier-naming,performance-enum-size,cert-dcl*,bugprone-*) */

#if defined(__GNUC__)
#define BTFBATCH_PUBLIC __attribute__((visibility("default")))
#else
#define BTFBATCH_PUBLIC
#endif

/* The format's numbers, as told above. */
#define BTFBATCH_BTFS_MAGIC \
  "\x89"                    \
  "BTFS\r\n\x1a"
#define BTFBATCH_BTFS_MAJOR 1
#define BTFBATCH_BTFS_MINOR 0
#define BTFBATCH_BTFS_HEADER_SIZE 72
#define BTFBATCH_BTFS_CHECKSUM_OFFSET 56
#define BTFBATCH_BTFS_SECTION_ENTRY_SIZE 24
enum { BTFBATCH_STORED = 0, BTFBATCH_ZSTD = 1 };
enum {
  BTFBATCH_SECTION_STRINGS = 1,
  BTFBATCH_SECTION_KERNELS = 2,
  BTFBATCH_SECTION_BLOB_TABLE = 3,
  BTFBATCH_SECTION_BLOBS = 4
};

enum btfbatch_status {
  BTFBATCH_OK = 0,
  /* No BTF for this host. */
  BTFBATCH_NOT_FOUND = 1,
  /* Several kernels fit the host alike, their BTFs differ, and nothing says which is right: see
   * btfbatch_result.choices. */
  BTFBATCH_AMBIGUOUS = 2,
  /* An argument is missing or makes no sense, such as a host without a kernel release. */
  BTFBATCH_INVALID = 3,
  /* Not a .btfs file. */
  BTFBATCH_NOT_BTFS = 4,
  /* A .btfs file of a newer major version or with an unknown compression. */
  BTFBATCH_TOO_NEW = 5,
  /* The file is compressed; a stored one is needed. Make one with btfbatch
   * (--btfs-compression stored), or leave the compressing to what embeds the file. */
  BTFBATCH_COMPRESSED = 6,
  /* The file is cut short, changed, or contradicts itself. */
  BTFBATCH_DAMAGED = 7,
  /* A call to the system failed: see errno. */
  BTFBATCH_SYSTEM = 8
};

/* One line of English without a line end, for any number; never NULL, lives for ever. */
BTFBATCH_PUBLIC const char* btfbatch_status_text(enum btfbatch_status status);

/* Sizes of texts in bytes, with the zero byte that ends them. */
#define BTFBATCH_NAME_SIZE 256
#define BTFBATCH_PATH_SIZE 4096
#define BTFBATCH_FD_PATH_SIZE 32
#define BTFBATCH_MAX_CHOICES 8
#define BTFBATCH_CHOICE_SIZE 512

/* An open .btfs file. Its fields belong to the library. To be copied at will: it only points into
 * the caller's memory. */
struct btfbatch_btfs {
  const unsigned char* file;
  uint32_t string_count, kernel_count, blob_count;
  unsigned char string_offset_width, string_width, blob_width, blob_offset_width;
  const unsigned char *string_offsets, *strings, *kernels, *blob_offsets, *blob_padding, *blobs;
};

/* Opens the .btfs file in `data`, `size` bytes, which stay the caller's and must outlive `btfs` and
 * all that is found in it. Checks everything that the file says, once, in time linear in its size:
 * what opens can be used without further care, hostile or not. At a multiple of 8, the BTFs lie at
 * multiples of 8.
 *
 * Returns BTFBATCH_OK, INVALID (NULL), NOT_BTFS, TOO_NEW, DAMAGED or COMPRESSED. */
BTFBATCH_PUBLIC enum btfbatch_status btfbatch_open(struct btfbatch_btfs* btfs, const void* data,
                                                   size_t size);

/* A kernel of a .btfs file. All pointers go into the file. */
struct btfbatch_kernel {
  const char *distro, *release, *arch, *kernel_release; /* "" where the archive does not tell */
  const void* data;                                     /* its BTF */
  size_t size;                                          /* in bytes */
  size_t blob; /* kernels with the same number have the same BTF */
};

BTFBATCH_PUBLIC size_t btfbatch_kernel_count(const struct btfbatch_btfs* btfs);

/* The kernel at `index`, from 0, in the file's order. Returns BTFBATCH_OK, or INVALID where there
 * is none. Constant time. */
BTFBATCH_PUBLIC enum btfbatch_status btfbatch_kernel_at(const struct btfbatch_btfs* btfs,
                                                        size_t index,
                                                        struct btfbatch_kernel* kernel);

/* The 16 bytes of the object set's fingerprint, in the file. */
BTFBATCH_PUBLIC const unsigned char* btfbatch_fingerprint(const struct btfbatch_btfs* btfs);

/* What is known of a host. Empty where it is not; machine and kernel_release are needed. */
struct btfbatch_host {
  char id[64];               /* os-release: ID, "ubuntu" */
  char id_like[128];         /* ID_LIKE, "rhel centos fedora" */
  char version_id[64];       /* VERSION_ID, "20.04" */
  char version_codename[64]; /* VERSION_CODENAME, "focal" */
  char ubuntu_codename[64];  /* UBUNTU_CODENAME, of distros made from Ubuntu */
  char machine[64];          /* `uname -m`, "aarch64" */
  char kernel_release[128];  /* `uname -r`, "5.4.0-58-generic" */
};

/* Takes the five texts of os-release from `text`, `size` bytes of such a file: values quoted with "
 * or ' or not at all, with escapes, comments, either line end; the last of a name counts. What the
 * file does not tell becomes empty, as does what is too long to be true. machine and kernel_release
 * stay as they are. Returns BTFBATCH_OK or INVALID (NULL). */
BTFBATCH_PUBLIC enum btfbatch_status btfbatch_host_parse(struct btfbatch_host* host,
                                                         const char* text, size_t size);

/* Fills in the running host: uname, and etc/os-release under `root` (such as "/host" in a container
 * that sees the host's files there; NULL: "/"), else usr/lib/os-release. Links on the way are followed
 * within `root`, as if it were the root directory. Without either file the five texts are empty, which is
 * no error. Returns BTFBATCH_OK, INVALID or SYSTEM (uname failed, or a file is there and cannot be
 * read: errno says why). */
BTFBATCH_PUBLIC enum btfbatch_status btfbatch_host_read(struct btfbatch_host* host,
                                                        const char* root);

/* One key that was tried, in the order of trying; or a remark on what comes next. Texts live until
 * the callback returns. */
struct btfbatch_trial {
  /* "*" stands for any. All are NULL in a remark. */
  const char *distro, *release, *arch, *kernel_release;
  int hit;
  const char* why; /* one line of English; never NULL */
};

struct btfbatch_options {
  /* Where the very kernel is not there, take the BTF of the next older and the next newer one of
   * the same series (same distro, release, arch, major and minor version, and flavor), if both have
   * the same. Zero: do not. */
  int nearest;
  /* Called for each trial, from within the call that was given these options; NULL: not. */
  void (*explain)(void* context, const struct btfbatch_trial* trial);
  void* context;
};

/* By what the kernel was found. */
enum btfbatch_how {
  BTFBATCH_BY_OS_RELEASE = 1,     /* distro and release as os-release says */
  BTFBATCH_BY_KERNEL_RELEASE = 2, /* distro, or its release, as the kernel release says, and not
                                     os-release: a container's, most likely */
  BTFBATCH_BY_DISTRO = 3,       /* the only one of this kernel release among the distro's releases,
                                   or the archive tells no release */
  BTFBATCH_BY_KERNEL_ALONE = 4, /* the only one of this kernel release in all */
  BTFBATCH_BY_NEIGHBORS = 5     /* another kernel's: see btfbatch_options.nearest */
};

/* "os-release", "kernel-release", "distro", "kernel-alone", "neighbors"; "" for other numbers. */
BTFBATCH_PUBLIC const char* btfbatch_how_text(enum btfbatch_how how);

struct btfbatch_result {
  const void* data; /* the BTF, in the .btfs file; NULL where found in a directory */
  size_t size;      /* its size in bytes */
  enum btfbatch_how how;
  /* Whose BTF it is, as the archive spells it. By neighbors: the older one's. */
  char distro[BTFBATCH_NAME_SIZE], release[BTFBATCH_NAME_SIZE], arch[BTFBATCH_NAME_SIZE],
      kernel_release[BTFBATCH_NAME_SIZE];
  char newer[BTFBATCH_NAME_SIZE]; /* by neighbors: the newer one's kernel release; else empty */
  char path[BTFBATCH_PATH_SIZE];  /* of the file, where found in a directory; else empty */
  /* Where ambiguous: "distro/release/arch/kernel release" of those that fit, in ascending order,
   * the first of them; choice_count can be more than BTFBATCH_MAX_CHOICES. */
  size_t choice_count;
  char choices[BTFBATCH_MAX_CHOICES][BTFBATCH_CHOICE_SIZE];
};

/* Finds the host's BTF in a .btfs file.
 *
 * A key is (distro, release, arch, kernel release). The kernel release must be the host's, and the
 * arch must be the machine in one of its spellings (arm64, aarch64) or be left open by the archive,
 * which counts less. So the question is which distro and release. In this order:
 *
 *   1. Where the kernel release names a distro (".el7.", ".amzn2.", "+deb12", "-generic") and
 *      os-release names another, os-release is a container's: the distros that the kernel release
 *      names. It often fits several (centos, rhel, ol), and then os-release is no help: all that
 *      match must have the same BTF, else the answer is BTFBATCH_AMBIGUOUS. Where only the distro's
 *      release differs ("fc31", VERSION_ID 38), that of the kernel release comes first.
 *   2. The distros that os-release names, best first: ID, others that share its kernels (rhel,
 *      centos, ol), ID_LIKE; of each the releases: VERSION_ID whole, then with ever fewer minor
 *      parts (8.4, 8), the codename, the number that belongs to it, and what the kernel release
 *      says. The first that matches.
 *   3. The same distros, with any release: all that match must have the same BTF.
 *   4. Any distro, the same way. Not for a kernel release that is a bare version, such as 5.10.0:
 *      that says too little, unless nothing contradicts.
 *
 * Kernel releases also match where the archive leaves out the arch at the end (".el7" for
 * ".el7.x86_64"), or, SUSE's, has the package's build counter, which uname does not tell
 * ("4.4.162-94.69.2-default" for "4.4.162-94.69-default").
 *
 * `options` may be NULL. Returns BTFBATCH_OK; NOT_FOUND or AMBIGUOUS, `result` telling the choices;
 * INVALID. Takes time linear in the number of kernels. */
BTFBATCH_PUBLIC enum btfbatch_status btfbatch_find(const struct btfbatch_btfs* btfs,
                                                   const struct btfbatch_host* host,
                                                   const struct btfbatch_options* options,
                                                   struct btfbatch_result* result);

/* The same in a tree of files as btfbatch writes it: DIRECTORY/distro/release/arch/KERNEL.btf, with
 * links followed; flatter trees too. Not the layout "indexed", whose names are in JSON. Two files
 * are the same BTF where their bytes are. Also returns SYSTEM: the directory, or something in it,
 * cannot be read (see errno; ELOOP: there are too many files in it). */
BTFBATCH_PUBLIC enum btfbatch_status btfbatch_find_in_directory(
    const char* directory, const struct btfbatch_host* host, const struct btfbatch_options* options,
    struct btfbatch_result* result);

/* Puts `size` bytes into a new file in memory (memfd_create, Linux 3.17) and writes its path,
 * "/proc/self/fd/N", to `path`, for libbpf's btf_custom_path. Returns its file descriptor, which
 * the caller closes once the object is open, or -1 with errno set. */
BTFBATCH_PUBLIC int btfbatch_memfd(const void* data, size_t size, char path[BTFBATCH_FD_PATH_SIZE]);

/* NOLINTEND(readability-identifier-naming,performance-enum-size,cert-dcl*,bugprone-*) */

#ifdef __cplusplus
}
#endif

#endif
