#!/usr/bin/env python3
"""Writes one small file for each way to be broken, and expected.json, the table of what is said.

    make_bad.py FOLDER

    FOLDER/kernels/NAME…   files of an archive, each for one kernel
    FOLDER/trees/NAME…     tars of a whole archive
    FOLDER/objects/NAME…   eBPF objects
    FOLDER/expected.json   for each file: "file", "message" (a regular expression for all that is
                           said about it; none where it is to be accepted all the same), "exit_code"
                           of a run on it alone (2: the kernel is written, but degraded), and
                           "like": files with the same word there are broken in ways that may be
                           told in the same words

The run is to have --max-btf-size 1MiB, and the object objects/good.bpf.o where it needs a good one.
"""

import io
import json
import lzma
import pathlib
import random
import re
import struct
import sys
import tarfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "support"))
from bad_btf import DEGRADED, broken_kernels, good_kernel  # noqa: E402
from bad_objects import broken_objects, good_object  # noqa: E402

MAX_BTF_SIZE = 1 << 20
XZ_HEADER_SIZE = 12
XZ_FOOTER_SIZE = 12


def large_kernel():
    """A kernel that does not compress well, so that its .xz has data to be broken."""
    kernel = good_kernel()
    letters = random.Random(1)
    while kernel.next_id < 300:
        kernel.integer("".join(chr(letters.randrange(97, 123)) for _ in range(60)))
    return kernel.bytes()


def tar_of(*members, compress=lzma.compress):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = "/etc/passwd"
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return compress(stream.getvalue())


def kernel_tar(content, name="5.4.btf", compress=lzma.compress):
    return tar_of((name, content, tarfile.REGTYPE), compress=compress)


def plain(content):
    return content


def flip(content, at):
    """One bit flipped; `at` counts from the end where it is negative."""
    flipped = bytearray(content)
    flipped[at] ^= 0x10
    return bytes(flipped)


def with_header(tar, changes, header_at=0):
    """A tar whose header has other bytes at some offsets, and a checksum that agrees."""
    header = bytearray(tar[header_at:header_at + 512])
    for at, value in changes.items():
        header[at:at + len(value)] = value
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return tar[:header_at] + bytes(header) + tar[header_at + 512:]


def sparse_tar(content, parts, real_size):
    """A member in GNU's old sparse format: (offset, size) pairs that the content fills."""
    tar = kernel_tar(content, compress=plain)
    table = b"".join(b"%011o\0%011o\0" % part for part in parts).ljust(4 * 24, b"\0")
    return lzma.compress(with_header(tar, {156: b"S", 257: b"ustar  \0", 386: table, 482: b"\0",
                                           483: b"%011o\0" % real_size}))


def zstd_frame(content):
    """A zstd frame with one raw block and no checksum."""
    assert len(content) < 1 << 17
    return (b"\x28\xb5\x2f\xfd" + b"\xa0" + struct.pack("<I", len(content))
            + (len(content) << 3 | 1).to_bytes(3, "little") + content)


def gzip(content):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


def broken_archives():
    """(file name, content, message, like)"""
    btf = good_kernel().bytes()
    large = large_kernel()
    whole = kernel_tar(large)
    index_size = (struct.unpack("<I", whole[-8:-4])[0] + 1) * 4
    index = len(whole) - XZ_FOOTER_SIZE - index_size
    check = index - 8  # CRC64 of the content
    regular = tarfile.REGTYPE

    truncated = r"truncated: its (xz|compressed) data ends too early"
    yield "empty.btf.tar.xz", b"", r"empty: the file has no bytes", ""
    for place, size in (("header", XZ_HEADER_SIZE - 1), ("block-header", XZ_HEADER_SIZE + 3),
                        ("data", len(whole) // 2), ("check", check + 3), ("index", index + 2),
                        ("footer", len(whole) - 5), ("last-byte", len(whole) - 1)):
        yield f"truncated-{place}.btf.tar.xz", whole[:size], truncated, "ends"
    yield "truncated-magic.btf.tar.xz", whole[:3], r"not xz, though its name says so", "no xz"
    damaged = r"corrupt: its (xz|compressed) data is damaged \(.+\)"
    for place, at in (("block-header", XZ_HEADER_SIZE + 1), ("data", len(whole) // 2),
                      ("check", check + 2), ("index", index + 2), ("footer", -6)):
        yield f"flipped-{place}.btf.tar.xz", flip(whole, at), damaged, "xz damaged"
    yield "flipped-magic.btf.tar.xz", flip(whole, 1), r"not xz, though its name says so", "no xz"
    yield "web-page.btf.tar.xz", b"<html>404</html>", r"not xz, though its name says so", "no xz"
    yield ("web-page-zstd.btf.tar.zst", b"<html>404</html>", r"not zstd, though its name says so",
           "")
    yield ("web-page-gzip.btf.tar.gz", b"<html>404</html>", r"not gzip, though its name says so", "")
    yield ("web-page-raw.btf", b"<html>404</html>", r"no BTF inside: neither a tar nor BTF nor ELF",
           "nothing known")
    yield ("not-a-tar.btf.tar.xz", lzma.compress(b"no tar inside"),
           r"no BTF inside: neither a tar nor BTF nor ELF", "nothing known")
    yield ("truncated-gzip.btf.tar.gz", kernel_tar(large, compress=gzip)[:-200],
           r"truncated: its (gzip|compressed) data ends too early", "ends")
    yield ("flipped-gzip.btf.tar.gz", flip(kernel_tar(large, compress=gzip), -6),
           r"corrupt: gzip's checksum does not match the content", "")
    yield ("truncated-zstd.btf.tar.zst", kernel_tar(btf, compress=zstd_frame)[:-700],
           r"truncated: its (zstd|compressed) data ends too early", "ends")

    yield "empty-tar.btf.tar.xz", tar_of(), r"no BTF inside: the tar is empty", ""
    yield ("no-btf.btf.tar.xz", kernel_tar(b"hello", "README"),
           r"no BTF inside: none of the tar's 1 members is BTF or ELF", "")
    yield ("two-btfs.btf.tar.xz", tar_of(("5.4.btf", btf, regular), ("5.5.btf", btf, regular)),
           r"several BTFs inside: '5\.4\.btf' and '5\.5\.btf'", "")
    yield "absolute-name.btf.tar.xz", kernel_tar(btf, "/tmp/btfbatch-must-not-write-this"), None, ""
    yield "parent-name.btf.tar.xz", kernel_tar(btf, "../../../btfbatch-must-not-write-this"), None, ""
    only_links = (r"no BTF inside: none of the tar's 1 members has it, and 1 of them are links or "
                  r"devices")
    for name, kind in (("symlink", tarfile.SYMTYPE), ("hardlink", tarfile.LNKTYPE),
                       ("device", tarfile.CHRTYPE), ("fifo", tarfile.FIFOTYPE)):
        yield f"{name}.btf.tar.xz", tar_of(("5.4.btf", b"", kind)), only_links, "links"
    tar = kernel_tar(large, compress=plain)
    yield ("truncated-tar.btf.tar.xz", lzma.compress(tar[:len(large) // 2]),
           r"truncated: the tar ends within the member '5\.4\.btf'", "")
    yield ("damaged-tar.btf.tar.xz",
           lzma.compress(tar_of(("a", b"a", regular), ("b", b"b", regular), compress=plain)
                         .replace(b"b\0\0\0", b"c\0\0\0", 1)),
           r"corrupt: the tar is damaged \(.+\)", "")
    yield ("claims-8-gib.btf.tar.xz", lzma.compress(with_header(tar, {124: b"77777777777\0"})),
           r"too large: its member '5\.4\.btf' has 8589934591 bytes, more than the 1048576 allowed",
           "")
    yield ("expands.btf.tar.xz", kernel_tar(btf + bytes(MAX_BTF_SIZE)),
           rf"too large: its member '5\.4\.btf' has {len(btf) + MAX_BTF_SIZE} bytes, more than the "
           r"1048576 allowed", "")
    yield ("expands-without-tar.btf.xz", lzma.compress(btf + bytes(MAX_BTF_SIZE)),
           r"too large: has more than the 1048576 bytes allowed", "")
    yield ("bomb.btf.tar.xz",
           tar_of(("5.4.btf", btf, regular), ("zeros", bytes(66 << 20), regular)),
           r"too large: expands to more than \d+ bytes", "")
    half = len(btf) // 2
    yield ("sparse-overlap.btf.tar.xz", sparse_tar(btf, [(0, half), (half - 9, half)], len(btf)),
           r"corrupt: parts of the sparse member '5\.4\.btf' overlap", "")
    yield ("sparse-far.btf.tar.xz", sparse_tar(btf, [(0, half), (1 << 32, half)], 1 << 33),
           r"too large: its member '5\.4\.btf' has \d+ bytes, more than the 1048576 allowed", "")
    yield ("split-btf.btf.tar.xz", kernel_tar(good_kernel().bytes(strings=b"module\0")),
           r"no BTF of a kernel inside: only split BTF of 1 modules", "")


def broken_trees():
    """(file name, content, message, exit code)"""
    member = ("debian/12/x86_64/6.1.btf.tar.xz", kernel_tar(good_kernel().bytes()), tarfile.REGTYPE)
    whole = tar_of(member, ("debian/12/x86_64/6.2.btf.tar.xz", member[1], tarfile.REGTYPE),
                   compress=plain)
    yield "web-page.tar", b"<html>404</html>", r"neither a folder nor a tar nor BTF", 1
    yield "empty.tar", b"", r"empty: nothing in it", 1
    yield "no-kernel.tar", tar_of(("README", b"hello", tarfile.REGTYPE), compress=plain), \
        r"no kernel in it", 1
    yield ("truncated.tar", whole[:512 + 1024 + 512 + 100],
           r"debian/12/x86_64/6\.2\.btf\.tar\.xz: truncated: .+; what may follow in this tar is "
           r"lost|truncated\.tar: truncated: .+; what may follow in this tar is lost", 2)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    table = []

    def put(file, content, message, exit_code, like=""):
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if message is not None:
            re.compile(message)
        table.append({"file": file, "message": message, "exit_code": exit_code, "like": like})

    for name, content, message, like in (*broken_archives(), *broken_kernels()):
        exit_code = 0 if message is None else 2 if like == DEGRADED else 3
        put(f"kernels/{name}", content, message, exit_code, like)
    for name, content, message, exit_code in broken_trees():
        put(f"trees/{name}", content, message, exit_code)
    put("objects/good.bpf.o", good_object(), None, 0)
    for name, content, message, like in broken_objects():
        put(f"objects/{name}", content, message, 1, like)
    (folder / "expected.json").write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
