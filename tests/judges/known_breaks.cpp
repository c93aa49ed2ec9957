#include "tests/judges/known_breaks.h"

#include <array>
#include <charconv>

namespace btfbatch::test {
namespace {

constexpr std::array<KnownBreak, 28> kKnownBreaks = {{
    // what 4.18 has and no kernel of Debian's any more
    {"known_breaks", "mm_struct.mmap_sem", {}, {5, 8}, false, "mm_struct.mmap_lock"},
    {"known_breaks", "task_struct.cpus_allowed", {}, {5, 3}, false, "task_struct.cpus_mask"},
    // task_struct.state, and what libbpf-tools ask in its place
    {"known_breaks", "task_struct.state", {}, {5, 14}, false, "task_struct.__state"},
    {"runqlat", "task_struct___o.state", {}, {5, 14}, true, ""},
    {"runqlat", "task_struct___x.__state", {5, 14}, {}, true, ""},
    // moved into task_struct.thread_info
    {"known_breaks", "task_struct.cpu", {}, {5, 16}, false, "task_struct.thread_info.cpu"},
    // the block layer's way from a request to its disk
    {"known_breaks", "request.rq_disk", {}, {5, 17}, false, ""},
    {"biosnoop", "request___x.rq_disk", {}, {5, 17}, true, ""},
    {"biosnoop", "request_queue___x.disk", {5, 15}, {}, true, ""},
    {"known_breaks", "bio.bi_disk", {}, {5, 12}, false, ""},
    {"mdflush", "bio___o.bi_disk", {}, {5, 12}, true, ""},
    {"mdflush", "bio___x.bi_bdev", {5, 12}, {}, true, ""},
    {"known_breaks", "gendisk.part0.nr_sects", {}, {5, 11}, false, "gendisk.part0"},
    {"biopattern", "trace_event_raw_block_rq_complete___x.dev", {}, {5, 18}, true, ""},
    {"biopattern", "trace_event_raw_block_rq_completion___x.dev", {5, 18}, {}, true, ""},
    // folios, the maple tree, and what went with them
    {"known_breaks", "address_space_operations.readpage", {}, {5, 19}, false, ""},
    {"known_breaks", "vm_area_struct.vm_next", {}, {6, 1}, false, ""},
    {"known_breaks", "pageflags::PG_error", {}, {6, 12}, false, ""},
    // tracepoints of the slab allocator: split by what they trace
    {"known_breaks",
     "trace_event_raw_kmem_alloc.bytes_req",
     {},
     {6, 1},
     false,
     "trace_event_raw_kmalloc"},
    // timestamps of inodes: first __i_ctime; since 6.11, so on all that Debian carries, in two
    {"known_breaks", "inode.i_ctime", {}, {6, 6}, false, "inode.i_ctime_sec"},
    // flags of sockets, moved from bitfields into one word
    {"bindsnoop", "inet_sock.freebind", {}, {6, 6}, false, ""},
    {"bindsnoop", "inet_sock.transparent", {}, {6, 6}, false, ""},
    {"bindsnoop", "inet_sock.bind_address_no_port", {}, {6, 6}, false, ""},
    {"filelife", "renamedata___x.old_mnt_userns", {5, 12}, {6, 3}, true, ""},
    {"known_breaks", "super_block.s_shrink.seeks", {}, {6, 7}, false, "super_block.s_shrink"},
    // the scheduler's counts
    {"known_breaks", "cfs_rq.nr_running", {}, {6, 14}, false, "cfs_rq.nr_queued"},
    {"runqlen", "cfs_rq.nr_running", {}, {6, 14}, false, "cfs_rq.nr_queued"},
    {"known_breaks", "kernfs_node.parent", {}, {6, 15}, false, "kernfs_node.__parent"},
}};

}  // namespace

std::optional<LinuxVersion> linux_version_of(std::string_view archive_path) {
  if (!archive_path.starts_with("debian/") && !archive_path.starts_with("centos/8/")) {
    return std::nullopt;
  }
  const std::string_view name = archive_path.substr(archive_path.rfind('/') + 1);
  const char* const end = name.data() + name.size();
  LinuxVersion version;
  const auto major = std::from_chars(name.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, version.minor);
  if (minor.ec != std::errc()) return std::nullopt;
  return version;
}

std::span<const KnownBreak> known_breaks() {
  return kKnownBreaks;
}

}  // namespace btfbatch::test
