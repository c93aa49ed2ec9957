"""eBPF objects that are broken, one way each."""

import struct

import btf_writer
from btf_writer import Btf

MACHINE_BPF = 247
MACHINE_X86_64 = 62
HEADER_SIZE = 64
SECTION_HEADER_SIZE = 64
PROGBITS, STRTAB = 1, 3

BYTE_OFFSET, TYPE_EXISTS, ENUMVAL_VALUE = 0, 8, 11


def elf(sections, *, machine=MACHINE_BPF, table=None, entries=None, names_index=None, changes=()):
    """A relocatable ELF of (name, content) sections. `changes`: (section, field, value), where the
    field is "name", "offset" or "size" of its header."""
    sections = [("", b""), *sections, (".shstrtab", b"")]
    names = bytearray()
    name_at = []
    for name, _ in sections:
        name_at.append(len(names))
        names += name.encode() + b"\0"
    sections[-1] = (".shstrtab", bytes(names))
    body = bytearray(HEADER_SIZE)
    headers = []
    for index, (name, content) in enumerate(sections):
        body += bytes(-len(body) % 8)
        kind = 0 if index == 0 else STRTAB if name == ".shstrtab" else PROGBITS
        header = {"name": name_at[index], "offset": len(body), "size": len(content)}
        header.update((field, value) for changed, field, value in changes if changed == name)
        headers.append(struct.pack("<IIQQQQIIQQ", header["name"], kind, 0, 0, header["offset"],
                                   header["size"], 0, 0, 1, 0))
        body += content
    body += bytes(-len(body) % 8)
    struct.pack_into("<16sHHIQQQIHHHHHH", body, 0, b"\x7fELF\x02\x01\x01" + bytes(9), 1, machine, 1,
                     0, 0, len(body) if table is None else table, 0, HEADER_SIZE, 0, 0,
                     SECTION_HEADER_SIZE, len(headers) if entries is None else entries,
                     len(headers) - 1 if names_index is None else names_index)
    return bytes(body) + b"".join(headers)


def good_types():
    """BTF with struct person { int age; }, and the offsets and type IDs that records name."""
    btf = Btf()
    integer = btf.integer()
    person = btf.composite("person", 4, [("age", integer, 0)])
    return btf, person


class Ext:
    """A .BTF.ext with one block of relocations, and its BTF."""

    def __init__(self, access="0:0", kind=BYTE_OFFSET, type_id=None, types=None):
        self.btf, person = types or good_types()
        self.section = self.btf.string("raw_tp/person")
        access = self.btf.string(access) if isinstance(access, str) else access
        self.record = struct.pack("<IIII", 0, person if type_id is None else type_id, access, kind)

    def bytes(self, *, magic=btf_writer.MAGIC, version=1, header_size=32, offset=0, size=None,
              record_size=16, section=None, count=1, records=None):
        block = struct.pack("<III", record_size, self.section if section is None else section,
                            count) + (self.record if records is None else records)
        size = len(block) if size is None else size
        return struct.pack("<HBBIIIIIII", magic, version, 0, header_size, 0, 0, 0, 0, offset,
                           size) + block


def object_of(ext, content=None):
    return elf([(".BTF", ext.btf.bytes()), (".BTF.ext", ext.bytes() if content is None else content)])


def good_object():
    return object_of(Ext())


def broken_headers():
    """The record is good, what is around it is not."""
    ext = Ext()

    def header(name, message, **changes):
        return f"{name}.bpf.o", object_of(ext, ext.bytes(**changes)), rf"\.BTF\.ext: {message}", ""

    yield ("ext-empty.bpf.o", object_of(ext, b""), r"\.BTF\.ext: header: magic is not that of BTF",
           "ext magic")
    yield ("ext-cut.bpf.o", object_of(ext, ext.bytes()[:6]),
           r"\.BTF\.ext: header: section has only 6 bytes", "")
    yield ("ext-magic.bpf.o", object_of(ext, ext.bytes(magic=0x1234)),
           r"\.BTF\.ext: header: magic is not that of BTF", "ext magic")
    yield header("ext-version", r"header: version 3 is not 1", version=3)
    yield header("ext-header-outside", r"header: section has only \d+ bytes", header_size=4096)
    yield header("ext-relocations-outside", r"relocations: end at \d+, section has \d+ bytes",
                 size=4096)
    yield header("record-size-small",
                 r"relocations: record size 12 is not a multiple of 4 from 16 on", record_size=12)
    yield header("record-size-odd",
                 r"relocations: record size 18 is not a multiple of 4 from 16 on", record_size=18)
    yield header("record-size-missing",
                 r"relocations: record size 0 is not a multiple of 4 from 16 on", size=2)
    yield header("block-cut", r"relocations: block at 4 is cut short", size=8)
    yield header("block-empty", r"section raw_tp/person: 0 relocations of 16 bytes, 16 bytes left",
                 count=0)
    yield header("too-many-records",
                 r"section raw_tp/person: 268435456 relocations of 16 bytes, 16 bytes left",
                 count=1 << 28)
    yield header("section-name-outside",
                 r"relocations: section name at 77777, string section has \d+ bytes", section=77777)


def broken_records():
    """What a record says cannot be."""
    where = r"section raw_tp/person: relocation #0"

    def record(name, message, **how):
        return f"{name}.bpf.o", object_of(Ext(**how)), message, ""

    yield record("type-id-zero", rf"\.BTF\.ext: {where}: type ID 0, of 2 there are", type_id=0)
    yield record("type-id-outside", rf"\.BTF\.ext: {where}: type ID 9, of 2 there are", type_id=9)
    yield record("access-outside",
                 rf"\.BTF\.ext: {where}: access string at 88888, string section has \d+ bytes",
                 access=88888)
    yield record("access-long", rf"\.BTF\.ext: {where}: access string is longer than 1024 bytes",
                 access="0:" * 512 + "0")
    yield record("kind-unknown",
                 rf"\.BTF\.ext: {where}: kind 13 is not known \(known are 0 to 12\)", kind=13)
    field, existence, value = (rf"{where} \({kind}\)"
                               for kind in ("byte_off", "type_exists", "enumval_value"))
    for name, access in (("empty", ""), ("letters", "0:x"), ("negative", "0:-1"), ("colon", "0:"),
                         ("number-large", "99999999999")):
        yield record(f"access-{name}",
                     rf"{field}: access string '{access}' is not a list of numbers like 0:1:2",
                     access=access)
    yield record("access-parts", rf"{field}: access string '(0:)+0' has more than 64 parts",
                 access="0:" * 64 + "0")
    yield record("access-member", rf"{field}: access string '0:7': member 7 of a struct with 1",
                 access="0:7")
    yield record("access-into-int", rf"{field}: access string '0:0:0': steps into a int",
                 access="0:0:0")
    yield record("access-of-type", rf"{existence}: access string '0:0' of a type is not '0'",
                 kind=TYPE_EXISTS)
    yield record("access-no-enum",
                 rf"{value}: access string '0': does not name an enumerator of an enum",
                 access="0", kind=ENUMVAL_VALUE)

    def types(add):
        btf = Btf()
        return btf, add(btf)

    yield record("access-no-enumerator",
                 rf"{value}: access string '5': names no enumerator of its enum", access="5",
                 kind=ENUMVAL_VALUE, types=types(lambda btf: btf.enum("color", [("kRed", 0)])))
    yield record("access-no-size", rf"{field}: access string '0': its type has no size",
                 access="0", types=types(lambda btf: btf.add(btf_writer.FWD, "secret")))
    yield record("access-typedef-cycle",
                 rf"{field}: access string '0': its typedefs lead nowhere", access="0",
                 types=types(lambda btf: btf.add(btf_writer.TYPEDEF, "cycle_t", 0, 1)))
    yield record("access-nameless", rf"{field}: its type has no name, so that no candidate can be "
                 r"found",
                 types=types(lambda btf: btf.composite("", 4, [("age", btf.integer(), 0)]) ))

    def person_with_array(btf):
        integer = btf.integer()
        array = btf.add(btf_writer.ARRAY, "", 0, 0, [integer, integer, 3])
        return btf.composite("person", 16, [("ages", array, 0), ("end", integer, 12)])

    yield record("access-element", rf"{field}: access string '0:0:3': element 3 of an array of 3",
                 access="0:0:3", types=types(person_with_array))


def broken_elves():
    ext = Ext()
    btf = ext.btf.bytes()
    whole = good_object()
    yield "empty.bpf.o", b"", r"neither an eBPF object nor a file that embeds one", "no object"
    yield ("text.bpf.o", b"int main(void) {}\n",
           r"neither an eBPF object nor a file that embeds one", "no object")
    yield ("other-machine.bpf.o", elf([(".BTF", btf)], machine=MACHINE_X86_64),
           r"ELF: for machine 62, not eBPF \(247\), and no eBPF object is embedded in it", "")
    no_headers = (r"ELF: an eBPF file without its section headers: cut short, or not of 64 bits",
                  "no section headers")
    yield "truncated.bpf.o", whole[:len(whole) // 2], *no_headers
    yield ("section-headers-outside.bpf.o", elf([(".BTF", btf)], table=1 << 40), *no_headers)
    yield ("section-headers-many.bpf.o", elf([(".BTF", btf)], entries=60000), *no_headers)
    yield ("section-headers-none.bpf.o", elf([(".BTF", btf)], entries=0), *no_headers)
    yield "header-cut.bpf.o", whole[:40], r"ELF: open: invalid ELF file data", ""

    def section(name, message, field, value):
        content = elf([(".BTF", btf)], changes=[(".BTF", field, value)])
        return f"{name}.bpf.o", content, message, ""

    yield section("section-outside", r"ELF: section \.BTF: 1048576 bytes at 64, file has \d+", "size",
                  1 << 20)
    yield section("section-far", r"ELF: section \.BTF: \d+ bytes at 18446744073709551608, file has "
                  r"\d+", "offset", 2**64 - 8)
    yield section("elf-name-outside", r"ELF: read section name: offset out of range", "name", 5000)
    yield ("elf-names-nowhere.bpf.o", elf([(".BTF", btf)], names_index=200),
           r"ELF: read section name: invalid section index", "")
    yield ("no-btf.bpf.o", elf([(".text", bytes(8))]),
           r"no \.BTF section: compile it with -g .*", "")
    yield ("btf-cut.bpf.o", elf([(".BTF", btf[:20])]),
           r"\.BTF: header: needs 24 bytes, file has 20", "")
    yield ("btf-strings.bpf.o", elf([(".BTF", btf[:-1])]),
           r"\.BTF: string section: ends at \d+, file has \d+ bytes", "")
    wrong_kind = Btf()
    wrong_kind.add(30, "x")
    yield ("btf-kind.bpf.o", elf([(".BTF", wrong_kind.bytes())]),
           r"\.BTF: type ID 1: kind 30 is not known \(.+\)", "")


def broken_objects():
    """(file name, content, message, like)"""
    yield from broken_elves()
    yield from broken_headers()
    yield from broken_records()
