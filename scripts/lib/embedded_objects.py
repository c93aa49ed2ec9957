#!/usr/bin/env python3
"""Takes eBPF objects out of the executables that embed them, for tools that want them as files.

Written apart from btfbatch's own search, so that the comparisons with other tools also judge that.
"""

import pathlib
import struct
import sys

EM_BPF = 247
SHT_NOBITS = 8


def embedded_objects(data):
    """Yields each 64-bit eBPF ELF image inside `data`, whole."""
    position = data.find(b"\x7fELF\x02")
    while position >= 0:
        end = end_of_object(data, position)
        if end is not None:
            yield data[position:end]
        position = data.find(b"\x7fELF\x02", end or position + 1)


def end_of_object(data, start):
    """Where the eBPF ELF that begins at `start` ends, or None where there is none."""
    try:
        order = {1: "<", 2: ">"}[data[start + 5]]
        (machine,) = struct.unpack_from(order + "H", data, start + 18)
        (table,) = struct.unpack_from(order + "Q", data, start + 40)
        entry_size, entries = struct.unpack_from(order + "HH", data, start + 58)
        if machine != EM_BPF or entry_size != 64 or entries == 0:
            return None
        end = table + entries * entry_size
        for index in range(entries):
            section = start + table + index * entry_size
            (kind,) = struct.unpack_from(order + "I", data, section + 4)
            offset, size = struct.unpack_from(order + "QQ", data, section + 24)
            if kind != SHT_NOBITS:
                end = max(end, offset + size)
    except (KeyError, IndexError, struct.error):
        return None
    return start + end if start + end <= len(data) else None


def extract(files, folder):
    """Writes the objects of all files into a folder; returns their paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for file in files:
        objects = list(embedded_objects(file.read_bytes()))
        if not objects:
            raise ValueError(f"{file} is no eBPF object and embeds none")
        for index, data in enumerate(objects):
            number = f".{index}" if index else ""
            path = folder / f"{len(paths):03}-{file.name.removesuffix('.bpf.o')}{number}.bpf.o"
            path.write_bytes(data)
            paths.append(path)
    return paths


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: embedded_objects.py FOLDER FILE...")
    try:
        for written in extract(
            [pathlib.Path(name) for name in sys.argv[2:]], pathlib.Path(sys.argv[1])
        ):
            print(written)
    except (OSError, ValueError) as error:
        sys.exit(f"embedded_objects: {error}")
