"""Takes the BTF out of a Linux kernel image (vmlinuz).

A bootable image wraps the kernel proper, usually compressed. x86 says in its boot header where the
compressed payload lies; arm64 is either the bare Image, a gzipped one, or an EFI program that
carries a compressed one ("zboot"). Inside the unpacked kernel the .BTF section is found by its
header rather than through section headers, because an arm64 Image has none. The four bytes of the
magic number occur by chance too, so a find counts only when its whole header is consistent and all
its types can be walked.
"""

import lzma
import struct
import subprocess
import zlib

BTF_START = b"\x9f\xeb\x01\x00"  # magic 0xeb9f little-endian, version 1, flags 0

# BTF kind → (bytes after the common 12, bytes for each of vlen)
KIND_SIZES = {
    1: (4, 0),  # INT
    2: (0, 0),  # PTR
    3: (12, 0),  # ARRAY
    4: (0, 12),  # STRUCT
    5: (0, 12),  # UNION
    6: (0, 8),  # ENUM
    7: (0, 0),  # FWD
    8: (0, 0),  # TYPEDEF
    9: (0, 0),  # VOLATILE
    10: (0, 0),  # CONST
    11: (0, 0),  # RESTRICT
    12: (0, 0),  # FUNC
    13: (0, 8),  # FUNC_PROTO
    14: (4, 0),  # VAR
    15: (0, 12),  # DATASEC
    16: (0, 0),  # FLOAT
    17: (4, 0),  # DECL_TAG
    18: (0, 0),  # TYPE_TAG
    19: (0, 12),  # ENUM64
}


class ImageError(Exception):
    """Why no BTF could be taken out of an image."""


def btf_of_image(image):
    """The BTF inside a vmlinuz of x86 or arm64, as bytes. Raises ImageError."""
    return find_btf(unpack_image(image))


def unpack_image(image):
    """The kernel proper out of a vmlinuz of x86 or arm64. Raises ImageError."""
    if image[0x202:0x206] == b"HdrS":
        return decompress(x86_payload(image))
    if image[4:8] == b"zimg":
        offset, length = struct.unpack_from("<II", image, 8)
        return decompress(slice_of(image, offset, length))
    if image[0x38:0x3C] == b"ARM\x64":
        return image
    if image[:2] == b"\x1f\x8b":
        return decompress(image)
    raise ImageError("neither an x86 bzImage nor an arm64 Image, gzipped Image or EFI zboot")


def x86_payload(image):
    """The compressed kernel of a bzImage."""
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    payload = slice_of(image, (setup_sectors + 1) * 512 + offset, length)
    # The build appends the unpacked size, four bytes, to every format but gzip, which has its own.
    return payload if payload[:2] == b"\x1f\x8b" else payload[:-4]


def slice_of(data, offset, length):
    if offset + length > len(data):
        raise ImageError(f"payload ends at {offset + length}, the image has {len(data)} bytes")
    return data[offset : offset + length]


def decompress(data):
    """Unpacks gzip, xz, zstd or legacy LZ4, told apart by their first bytes."""
    try:
        if data[:2] == b"\x1f\x8b":
            return zlib.decompressobj(wbits=31).decompress(data)
        if data[:6] == b"\xfd7zXZ\x00":
            return lzma.LZMADecompressor().decompress(data)
    except (zlib.error, lzma.LZMAError) as error:
        raise ImageError(f"payload: {error}") from error
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return decompress_with("zstd", data)
    if data[:4] == b"\x02\x21\x4c\x18":
        return decompress_with("lz4", data)
    raise ImageError(f"payload is packed in an unknown way, it begins with {data[:6].hex()}")


def decompress_with(tool, data):
    try:
        done = subprocess.run([tool, "-dc"], input=data, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise ImageError(f"payload is packed with {tool}, which is not installed") from error
    if done.returncode != 0:
        raise ImageError(f"payload: {tool}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def find_btf(kernel):
    """The largest consistent BTF inside an unpacked kernel. Raises ImageError."""
    best = b""
    reason = "its magic number occurs nowhere"
    position = kernel.find(BTF_START)
    while position >= 0:
        try:
            btf = checked_btf(kernel, position)
            best = max(best, btf, key=len)
        except (ImageError, struct.error) as error:
            reason = f"at offset {position}: {error}"
        position = kernel.find(BTF_START, position + 1)
    if not best:
        raise ImageError(f"no BTF inside the kernel: {reason}")
    return best


def checked_btf(kernel, position):
    """The BTF that begins at `position`, once all that its header says holds."""
    header = struct.unpack_from("<IIIII", kernel, position + 4)
    header_length, type_offset, type_length, string_offset, string_length = header
    ends = [type_offset + type_length, string_offset + string_length]
    if header_length == 32:  # newer kernels describe the layout of their kinds in a third section
        ends.append(sum(struct.unpack_from("<II", kernel, position + 24)))
    elif header_length != 24:
        raise ImageError(f"header of {header_length} bytes")
    size = header_length + max(ends)
    if type_offset != 0 or type_length % 4 or string_length < 2 or string_offset < type_length:
        raise ImageError("sections out of place")
    if position + size > len(kernel):
        raise ImageError(f"ends at {position + size}, the kernel has {len(kernel)} bytes")
    btf = kernel[position : position + size]
    strings = btf[header_length + string_offset :][:string_length]
    if strings[0] != 0 or strings[-1] != 0:
        raise ImageError("string section neither begins nor ends with NUL")
    walk_types(btf[header_length : header_length + type_length], string_length)
    return btf


def walk_types(types, string_length):
    """Steps through all types; they must end where the type section ends."""
    read = struct.Struct("<III").unpack_from
    offset = 0
    count = 0
    while offset < len(types):
        name, info, _ = read(types, offset)
        kind = info >> 24 & 0x1F
        if kind not in KIND_SIZES:
            raise ImageError(f"type {count + 1} is of unknown kind {kind}")
        if name >= string_length:
            raise ImageError(f"type {count + 1} has its name outside the strings")
        fixed, each = KIND_SIZES[kind]
        offset += 12 + fixed + each * (info & 0xFFFF)
        count += 1
    if offset != len(types) or count == 0:
        raise ImageError("types do not fill the type section")
