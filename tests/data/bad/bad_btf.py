"""Kernels whose BTF is broken, one way each."""

import struct

import btf_writer
from btf_writer import Btf

# Instead of what may be told alike: the kernel is written all the same, but degraded.
DEGRADED = "degraded"


def good_kernel():
    """What objects/good.bpf.o asks about: struct person."""
    btf = Btf()
    btf.composite("person", 8, [("age", btf.integer(), 4)])
    return btf


def build(change):
    """The good kernel with something added by change(btf, ID of int)."""
    btf = good_kernel()
    change(btf, 1)
    return btf.bytes()


def person_of(add_type):
    """A kernel whose struct person is what add_type(btf) makes of it."""
    btf = Btf()
    add_type(btf)
    return btf.bytes()


def broken_kernels():
    """(file name, content, message, like)"""
    good = good_kernel()
    content = good.bytes()
    types, strings = len(good.types), len(good.strings)
    count = good.next_id - 1

    def header(name, message, **changes):
        return f"{name}.btf", good.bytes(**changes), f"not a valid BTF: {message}", ""

    yield ("bad-magic.btf", good.bytes(magic=0xEB9E),
           r"no BTF inside: neither a tar nor BTF nor ELF", "nothing known")
    yield ("header-cut.btf", content[:16],
           r"not a valid BTF: header: needs 24 bytes, file has 16", "")
    yield header("version", r"header: version 2 is not 1", version=2)
    yield header("flags", r"header: flags 0x40 are not known", flags=0x40)
    yield header("header-short", r"header: says it is 20 bytes long, of 24 to \d+ possible",
                 header_size=20)
    yield header("header-long", r"header: says it is 100000 bytes long, of 24 to \d+ possible",
                 header_size=100000)
    longer = bytearray(good.bytes(header_size=36))
    longer[24:24] = struct.pack("<III", 0, 0, 7)
    yield ("header-unknown-field.btf", bytes(longer),
           r"not a valid BTF: header: byte 32 of 36 is not zero: a field that is not known", "")
    longer[24:36] = struct.pack("<III", 0, 0x7FFFFFFF, 0)
    yield ("layout-section-outside.btf", bytes(longer),
           r"not a valid BTF: header: layout section ends at \d+, file has \d+ bytes", "")
    yield header("type-section-odd", r"type section: begins at 2, which is not a multiple of 4",
                 type_offset=2)
    yield header("type-section-outside",
                 r"type section: ends at 16777216, behind the string section's begin at \d+",
                 type_size=1 << 24)
    yield header("sections-overlap",
                 rf"type section: ends at {types}, behind the string section's begin at 4",
                 string_offset=4)
    yield header("string-section-outside", rf"string section: ends at \d+, file has {len(content)} bytes",
                 string_size=strings + 1)
    yield header("string-section-far", r"string section: ends at 4294967\d+, file has \d+ bytes",
                 string_size=0xFFFFFFFF)
    # As it is where all names are in the vmlinux's BTF.
    yield ("string-section-empty.btf", good.bytes(string_size=0),
           r"no BTF of a kernel inside: split BTF of a module", "split")
    yield header("string-section-end", r"string section: does not end with NUL",
                 strings=b"\0int\0person\0age!")
    yield header("name-too-long", r"string section: a name is longer than 1024 bytes",
                 strings=b"\0int\0person\0age\0" + b"n" * 1025 + b"\0")
    yield ("split.btf", good.bytes(strings=b"module\0person\0ag\0"),
           r"no BTF of a kernel inside: split BTF of a module", "split")

    def unknown_kind(kind):
        return build(lambda btf, integer: btf.add(kind, "x", 0, integer))

    yield ("kind-zero.btf", unknown_kind(0),
           rf"not a valid BTF: type ID {count + 1}: kind 0 is not known \(known are .+\)", "")
    yield ("kind-unknown.btf", unknown_kind(27),
           rf"not a valid BTF: type ID {count + 1}: kind 27 is not known \(known are .+\)", "")
    whole = good.types
    yield ("type-cut.btf", good.bytes(types=whole + whole[:8]),
           rf"not a valid BTF: type ID {count + 1}: needs 12 bytes, type section has 8 left", "")
    yield ("type-tail-cut.btf", good.bytes(types=whole + whole[:12]),
           rf"not a valid BTF: type ID {count + 1} \(int\): needs 16 bytes, type section has 12 "
           r"left", "")
    yield ("vlen-outside.btf",
           build(lambda btf, integer: btf.add(btf_writer.STRUCT, "s", 0xFFFF, 4, [0, integer, 0])),
           rf"not a valid BTF: type ID {count + 1} \(struct\): needs 786432 bytes, type section has "
           r"24 left", "")
    yield ("name-outside.btf",
           build(lambda btf, integer: btf.add(btf_writer.TYPEDEF, 0x10000, 0, integer)),
           rf"not a valid BTF: type ID {count + 1}: name at 65536, string section has \d+ bytes",
           "")
    yield ("member-name-outside.btf",
           build(lambda btf, integer: btf.add(btf_writer.STRUCT, "s", 1, 4, [99999, integer, 0])),
           rf"not a valid BTF: type ID {count + 1}: name at 99999, string section has \d+ bytes", "")
    yield ("type-id-outside.btf",
           build(lambda btf, _: btf.add(btf_writer.PTR, "", 0, 77)),
           rf"not a valid BTF: type ID {count + 1}: refers to type ID 77, of {count + 1} there are",
           "")
    yield ("member-type-id-outside.btf",
           build(lambda btf, _: btf.add(btf_writer.STRUCT, "s", 1, 4, [0, 78, 0])),
           rf"not a valid BTF: type ID {count + 1}: refers to type ID 78, of {count + 1} there are",
           "")

    def cycle(btf):
        """struct person { cycle_t age; } of typedefs that lead to each other."""
        btf.composite("person", 8, [("age", 2, 4)])
        btf.add(btf_writer.TYPEDEF, "cycle_t", 0, 3)
        btf.add(btf_writer.TYPEDEF, "cycle_t", 0, 2)

    def modifier_of_itself(btf):
        btf.composite("person", 8, [("age", 2, 4)])
        btf.add(btf_writer.CONST, "", 0, 2)

    def anonymous_self(btf):
        """struct person { struct { <itself> }; }, where a search for age never ends."""
        btf.composite("person", 8, [("", 2, 0)])
        btf.composite("", 8, [("", 2, 0)])

    def array_of_itself(btf):
        """No int, as the object imagines it: the field is absent."""
        btf.composite("person", 8, [("age", 2, 4)])
        btf.add(btf_writer.ARRAY, "", 0, 0, [2, 2, 3])

    # Only who asks about struct person meets these: the relocation has no answer, the rest has.
    for name, add_type in (("typedef-cycle", cycle), ("const-cycle", modifier_of_itself),
                           ("anonymous-self", anonymous_self)):
        yield (f"{name}.btf", person_of(add_type), r".*: person\.age \(byte_off\): type ID 1 cannot "
               r"be followed: its types nest too deep, or have no size", DEGRADED)
    yield "array-of-itself.btf", person_of(array_of_itself), None, ""
