"""Says in older words what a BTF says with kinds that came after FLOAT (Linux 5.13).

Debian's cilium/ebpf does not know those kinds and refuses the whole file, and most kernels' BTF has
at least one enum64. So the judge shows it both BTFs, full and minimized, in the older words. Every
type keeps its ID, name and size:

  TYPE_TAG  becomes CONST: both stand before another type and change nothing in its layout
  DECL_TAG  becomes a one-byte INT: nothing refers to it
  ENUM64    becomes ENUM: values keep their lower 32 bits, all that cilium/ebpf 0.9 knows of

libbpf does much the same before it loads an object's BTF into an older kernel.
"""

import struct

INT, CONST, ENUM = 1, 10, 6
DECL_TAG, TYPE_TAG, ENUM64 = 17, 18, 19
TYPE_SIZE = 12

# How many bytes follow a type: (at any rate, for each of vlen).
TRAILING = {
    INT: (4, 0), 2: (0, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), ENUM: (0, 8), 7: (0, 0), 8: (0, 0),
    9: (0, 0), CONST: (0, 0), 11: (0, 0), 12: (0, 0), 13: (0, 8), 14: (4, 0), 15: (0, 12),
    16: (0, 0), DECL_TAG: (4, 0), TYPE_TAG: (0, 0), ENUM64: (0, 12),
}


def is_little_endian(btf):
    return btf[:2] == b"\x9f\xeb"


def in_older_kinds(btf):
    """A little-endian BTF of the same types and strings without the newer kinds; where it has none
    of them, the same bytes. Raises KeyError or struct.error where the BTF is malformed."""
    header_size, type_offset, type_size, string_offset, string_size = struct.unpack_from("<5I", btf, 4)
    types = btf[header_size + type_offset:][:type_size]
    strings = btf[header_size + string_offset:][:string_size]
    older = bytearray()
    newer_kinds = 0
    position = 0
    while position < len(types):
        name, info, size_or_type = struct.unpack_from("<3I", types, position)
        kind, vlen = info >> 24 & 0x1F, info & 0xFFFF
        fixed, each = TRAILING[kind]
        end = position + TYPE_SIZE + fixed + each * vlen
        newer_kinds += kind in (DECL_TAG, TYPE_TAG, ENUM64)
        if kind == TYPE_TAG:
            older += struct.pack("<3I", 0, CONST << 24, size_or_type)
        elif kind == DECL_TAG:
            older += struct.pack("<4I", name, INT << 24, 1, 8)
        elif kind == ENUM64:
            older += struct.pack("<3I", name, ENUM << 24 | vlen, size_or_type)
            for value in range(position + TYPE_SIZE, end, each):
                older += types[value:value + 8]  # name and lower half
        else:
            older += types[position:end]
        position = end
    if newer_kinds == 0:
        return btf
    header = btf[:4] + struct.pack("<5I", 24, 0, len(older), len(older), len(strings))
    return header + bytes(older) + strings
