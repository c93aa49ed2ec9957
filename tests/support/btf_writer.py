"""Writes BTF, well-formed or not, for tests that need kernels which no compiler makes."""

import struct

(VOID, INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC,
 FUNC_PROTO, VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64) = range(20)

MAGIC = 0xEB9F
HEADER_SIZE = 24


class Btf:
    """Little-endian BTF, type by type; each adding function returns the type ID."""

    def __init__(self):
        self._types = bytearray()
        self._strings = bytearray(b"\0")
        self._next_id = 1

    def string(self, text):
        """The offset of a name in the string section."""
        if not text:
            return 0
        offset = len(self._strings)
        self._strings += text.encode() + b"\0"
        return offset

    def add(self, kind, name="", vlen=0, size_or_type=0, words=(), kind_flag=False):
        """`name` is a text, or an offset that need not exist."""
        offset = name if isinstance(name, int) else self.string(name)
        info = kind_flag << 31 | kind << 24 | vlen
        self._types += struct.pack(f"<{3 + len(words)}I", offset, info, size_or_type, *words)
        self._next_id += 1
        return self._next_id - 1

    def integer(self, name="int", size=4, signed=True):
        return self.add(INT, name, 0, size, [signed << 24 | size * 8])

    def composite(self, name, size, members, kind=STRUCT):
        """`members`: (name, type ID, offset in bytes)."""
        words = []
        for member, type_id, offset in members:
            words += [self.string(member), type_id, offset * 8]
        return self.add(kind, name, len(members), size, words)

    def enum(self, name, values):
        words = []
        for enumerator, value in values:
            words += [self.string(enumerator), value & 0xFFFFFFFF]
        return self.add(ENUM, name, len(values), 4, words)

    @property
    def next_id(self):
        return self._next_id

    @property
    def types(self):
        return bytes(self._types)

    @property
    def strings(self):
        return bytes(self._strings)

    def bytes(self, *, magic=MAGIC, version=1, flags=0, header_size=HEADER_SIZE, type_offset=0,
              type_size=None, string_offset=None, string_size=None, strings=None, types=None):
        """The file. What is not given is as it should be."""
        types = self.types if types is None else types
        strings = self.strings if strings is None else strings
        type_size = len(types) if type_size is None else type_size
        string_offset = len(types) if string_offset is None else string_offset
        string_size = len(strings) if string_size is None else string_size
        header = struct.pack("<HBBIIIII", magic, version, flags, header_size, type_offset,
                             type_size, string_offset, string_size)
        return header + types + strings


def kernel(age_offset=16, red=0, padding=0):
    """The BTF of a small kernel that objects of tests/data ask about.

    `age_offset`: bytes before person.age (field_kinds); `red`: the value of color::kRed
    (enum_values); `padding`: structs beside these, which no object asks about.
    """
    btf = Btf()
    integer = btf.integer()
    btf.composite("person", age_offset + 8, [("age", integer, age_offset)])
    btf.enum("color", [("kRed", red), ("kGreen", red + 1), ("kBlue", red + 7)])
    for number in range(padding):
        btf.composite(f"unasked_{number}", 8, [("one", integer, 0), ("other", integer, 4)])
    return btf.bytes()
