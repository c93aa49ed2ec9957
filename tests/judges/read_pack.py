"""Reads a pack, written from the text of pipeline/pack/format.h and docs/pack-format.md alone.

Everything is checked. XXH3-128 is that of the command `xxhsum`; see decode_blob.py.
"""

import pathlib
import struct
from dataclasses import dataclass

from decode_blob import NOTHING, PlainBtf, Streams, command, decode_types, expand, require

NO_BASE = 0xFFFFFFFF
HEADER_SIZE = 80


def xxh128(data):
    """The high 64 bits and the low ones."""
    digest = int(command("xxhsum", "-H2", "-", data=data).split()[0], 16)
    return digest >> 64, digest & (1 << 64) - 1


@dataclass
class Blob:
    offset: int
    size: int
    btf_size: int
    btf_xxh128: tuple
    checksum: int
    base: int
    method: int = None  # these two once it was read
    streams: Streams = None


@dataclass
class Kernel:
    path: str
    blob: int
    file_size: int
    file_xxh128: tuple


class Pack:
    """`work` is a folder for what the zstd command needs as a file."""

    def __init__(self, path, work):
        self.data = pathlib.Path(path).read_bytes()
        self.prefix = pathlib.Path(work) / "prefix"
        data = self.data
        require(len(data) >= HEADER_SIZE and data[:8] == b"BTFPACK\0", "no pack")
        version, header_size, size, index_size = struct.unpack_from("<IIQQ", data, 8)
        index_sum, blobs_sum = (struct.unpack_from("<QQ", data, at) for at in (32, 48))
        zero, header_sum = struct.unpack_from("<QQ", data, 64)
        require((version, header_size, zero) == (2, HEADER_SIZE, 0), "another version")
        require(header_sum == xxh128(data[:72])[1], "the header is damaged")
        require(size == len(data) and index_size % 8 == 0
                and 2 * (HEADER_SIZE + index_size) <= size, "the file is cut short")
        require(data[-HEADER_SIZE:] == data[:HEADER_SIZE], "the two headers differ")
        self.blobs_at = HEADER_SIZE + index_size
        self.index = data[HEADER_SIZE:self.blobs_at]
        require(data[size - self.blobs_at:size - HEADER_SIZE] == self.index, "the indexes differ")
        require(index_sum == xxh128(self.index), "the index is damaged")
        require(blobs_sum == xxh128(data[self.blobs_at:size - self.blobs_at]),
                "the blobs are damaged")
        self.read_index()
        self.btfs = {}
        self.plain = {}

    def read_index(self):
        index = self.index
        blobs, kernels, failures, aliases, ignored, strings = struct.unpack_from("<6I", index)
        self.strings_at = (24 + 64 * blobs + 40 * kernels + 32 * failures + 24 * aliases
                           + 8 * ignored)
        end = self.strings_at + strings
        require(end <= len(index) < end + 8 and not any(index[end:]), "the index has another size")
        self.strings_end = end
        at = 24
        self.blobs = []
        for number, fields in enumerate(struct.iter_unpack("<5QQIIQ", index[at:at + 64 * blobs])):
            offset, size, btf_size, high, low, checksum, base, coding, zero = fields
            require(zero == 0 and coding == (base != NO_BASE)
                    and (base == NO_BASE or base < number), "a blob makes no sense")
            self.blobs.append(Blob(offset, size, btf_size, (high, low), checksum, base))
        at += 64 * blobs
        self.kernels = []
        for fields in struct.iter_unpack("<IIIIQQQ", index[at:at + 40 * kernels]):
            path, path_size, blob, zero, size, high, low = fields
            require(zero == 0 and blob < blobs, "a kernel makes no sense")
            self.kernels.append(Kernel(self.text(path, path_size), blob, size, (high, low)))
        at += 40 * kernels
        self.failures = {}  # reason by path
        for fields in struct.iter_unpack("<4IQII", index[at:at + 32 * failures]):
            self.failures[self.text(*fields[:2])] = self.text(*fields[2:4])
        at += 32 * failures
        self.aliases = {}  # target by path
        for fields in struct.iter_unpack("<4III", index[at:at + 24 * aliases]):
            self.aliases[self.text(*fields[:2])] = self.text(*fields[2:4])
        at += 24 * aliases
        self.ignored = [self.text(*fields)
                        for fields in struct.iter_unpack("<II", index[at:self.strings_at])]

    def text(self, offset, size):
        begin = self.strings_at + offset
        require(begin + size <= self.strings_end, "a text is not in the string section")
        return self.index[begin:begin + size].decode(errors="surrogateescape")

    def btf(self, number):
        """The BTF of a blob."""
        if number not in self.btfs:
            btf = self.decode(self.blobs[number])
            require(xxh128(btf) == self.blobs[number].btf_xxh128,
                    f"blob {number} gives another BTF than it should")
            self.btfs[number] = btf
        return self.btfs[number]

    def plain_btf(self, number):
        if number == NO_BASE:
            return NOTHING
        if number not in self.plain:
            self.plain[number] = PlainBtf(self.btf(number))
        return self.plain[number]

    def decode(self, blob):
        begin = self.blobs_at + blob.offset
        coded = self.data[begin:begin + blob.size]
        require(blob.size > 0 and begin + blob.size <= len(self.data) - self.blobs_at,
                "a blob is not among the blobs")
        require(xxh128(coded)[1] == blob.checksum, "a blob is damaged")
        blob.method = coded[0]
        if blob.method == 1:
            blob.streams = Streams(coded[1:], 8 * blob.btf_size + 4096)
            btf = decode_types(self.plain_btf(blob.base), blob.streams, blob.btf_size)
        else:
            require(blob.method == 0, "a blob is coded in an unknown way")
            options = []
            if blob.base != NO_BASE:
                self.prefix.write_bytes(self.btf(blob.base))
                options.append(f"--patch-from={self.prefix}")
            btf = expand(coded[1:], *options)
        require(len(btf) == blob.btf_size, "a BTF of another size")
        return btf
