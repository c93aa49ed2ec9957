"""Images of each shape that a kernel comes in, around the BTF of two types."""

import gzip
import lzma
import pathlib
import struct
import subprocess
import sys
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS / "lib"))
from kernel_image import ImageError, btf_of_image  # noqa: E402

INT = struct.pack("<IIII", 1, 1 << 24, 4, 32)  # "int"
POINTER = struct.pack("<III", 0, 2 << 24, 1)


def btf_of(types, strings=b"\0int\0", extra=b""):
    """A whole BTF; `extra` is what a longer header holds beyond its 24 bytes."""
    sections = struct.pack("<IIII", 0, len(types), len(types), len(strings))
    header = struct.pack("<HBBI", 0xEB9F, 1, 0, 24 + len(extra)) + sections + extra
    return header + types + strings


BTF = btf_of(INT + POINTER)


def kernel_with(btf):
    """Something like an unpacked kernel; the magic number also occurs where no BTF is."""
    return b"\x7fELF" + bytes(90) + b"\x9f\xeb\x01\x00 by chance" + btf + b"\xcc" * 50


def run(tool, data):
    return subprocess.run([tool, "-c"], input=data, capture_output=True, check=True).stdout


def lz4_legacy(data):
    return subprocess.run(["lz4", "-l", "-c"], input=data, capture_output=True, check=True).stdout


def bz_image(payload):
    setup_sectors, gap = 3, 40
    image = bytearray((setup_sectors + 1) * 512)
    image[0x1F1] = setup_sectors
    image[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", image, 0x248, gap, len(payload))
    return bytes(image) + bytes(gap) + payload + b"tail"


def zboot_image(payload, name):
    header = struct.pack("<4s4sIIII32s", b"MZ\0\0", b"zimg", 64, len(payload), 0, 0, name)
    return header.ljust(64, b"\0") + payload + b"tail"


class KernelImage(unittest.TestCase):
    kernel = kernel_with(BTF)

    def test_x86_with_each_packer(self):
        size = struct.pack("<I", len(self.kernel))
        for name, payload in {
            "gzip": gzip.compress(self.kernel),
            "xz": lzma.compress(self.kernel, check=lzma.CHECK_CRC32) + size,
            "zstd": run("zstd", self.kernel) + size,
            "lz4": lz4_legacy(self.kernel) + size,
        }.items():
            with self.subTest(name):
                self.assertEqual(btf_of_image(bz_image(payload)), BTF)

    def test_arm64_in_each_form(self):
        image = bytearray(0x38) + b"ARM\x64" + self.kernel
        for name, form in {
            "Image": bytes(image),
            "gzipped": gzip.compress(image),
            "zboot, gzip": zboot_image(gzip.compress(image), b"gzip"),
            "zboot, zstd": zboot_image(run("zstd", bytes(image)), b"zstd"),
        }.items():
            with self.subTest(name):
                self.assertEqual(btf_of_image(form), BTF)

    def test_the_largest_of_several_is_taken(self):
        larger = btf_of(INT + POINTER + POINTER)
        kernel = kernel_with(BTF) + larger + BTF
        self.assertEqual(btf_of_image(bz_image(gzip.compress(kernel))), larger)

    def test_a_header_of_32_bytes(self):
        # The layout section lies behind the strings and belongs to the BTF.
        strings = b"\0int\0\0\0\0"
        end_of_strings = len(INT) + len(strings)
        btf = btf_of(INT, strings, struct.pack("<II", end_of_strings, 8)) + b"layouts!"
        image = bz_image(gzip.compress(kernel_with(btf)))
        self.assertEqual(btf_of_image(image), btf)

    def test_what_is_no_btf_is_passed_over(self):
        for name, bad, reason in [
            ("unknown kind", btf_of(struct.pack("<III", 0, 25 << 24, 0)), "unknown kind 25"),
            ("types too long", btf_of(INT[:-4]), "do not fill"),
            ("name outside", btf_of(struct.pack("<III", 99, 2 << 24, 0)), "outside the strings"),
            ("strings without an end", btf_of(INT, b"\0int"), "NUL"),
            ("header of 20 bytes", BTF[:4] + struct.pack("<I", 20) + BTF[8:], "header of 20"),
            ("longer than the kernel", BTF[:20] + struct.pack("<I", 1 << 30) + BTF[24:], "ends at"),
            ("no types", btf_of(b""), "do not fill"),
        ]:
            with self.subTest(name):
                image = bz_image(gzip.compress(bytes(100) + bad + b"\xcc" * 50))
                with self.assertRaisesRegex(ImageError, reason):
                    btf_of_image(image)

    def test_images_that_cannot_be_read(self):
        cut = bz_image(gzip.compress(self.kernel))[:2100]
        for name, image, reason in [
            ("nothing", b"", "neither"),
            ("text", b"not a kernel" * 100, "neither"),
            ("payload outside the image", cut, "payload ends at"),
            ("unknown packer", bz_image(b"BZh91AY" * 10), "unknown way"),
            ("broken gzip", bz_image(b"\x1f\x8b" + b"\xff" * 60), "payload: "),
            ("no BTF inside", bz_image(gzip.compress(b"kernel" * 99)), "occurs nowhere"),
        ]:
            with self.subTest(name):
                with self.assertRaisesRegex(ImageError, reason):
                    btf_of_image(image)


if __name__ == "__main__":
    unittest.main()
