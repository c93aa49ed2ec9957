"""The search for eBPF objects inside of other files that the comparisons rest on."""

import pathlib
import struct
import sys
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS / "lib"))
from embedded_objects import embedded_objects  # noqa: E402


def elf(machine=247, order="<", content=b"program"):
    """An ELF of one section; its section header comes before what the section holds."""
    header = b"\x7fELF\x02" + (b"\1" if order == "<" else b"\2") + bytes(10)
    header += struct.pack(order + "HHIQQQIHHHHHH", 1, machine, 1, 0, 0, 64, 0, 64, 0, 0, 64, 1, 0)
    section = struct.pack(order + "IIQQQQIIQQ", 0, 1, 0, 0, 128, len(content), 0, 0, 1, 0)
    return header + section + content


class EmbeddedObjects(unittest.TestCase):
    def test_an_object_is_found_as_it_is(self):
        self.assertEqual(list(embedded_objects(elf())), [elf()])

    def test_several_at_any_place_and_of_either_endianness(self):
        big = elf(order=">", content=b"big-endian")
        host = elf(machine=62) + b"odd" + elf() + b"\x7fELF\x02" + big + bytes(9)
        self.assertEqual(list(embedded_objects(host)), [elf(), big])

    def test_what_is_none(self):
        for name, data in {
            "nothing": b"",
            "another machine": elf(machine=62),
            "cut in its content": elf()[:-1],
            "cut in its header": elf()[:40],
            "unknown endianness": elf()[:5] + b"\3" + elf()[6:],
        }.items():
            with self.subTest(name):
                self.assertEqual(list(embedded_objects(data)), [])


if __name__ == "__main__":
    unittest.main()
