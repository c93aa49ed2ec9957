#!/usr/bin/env python3
"""Another reader as the judge of `btfbatch pack`: read_pack.py, made from the text of the format.

It must give every kernel's BTF back byte for byte, and refuse a pack with a changed byte. Kernels:
those of tests/data; variants of all of them together, with types moved and changed and strings in
other orders, so that every way of coding occurs, which is checked; and two of the test archive, if
there is one. Exit codes: 0 passed, 1 not, 77 not run because a command is missing.
"""

import collections
import random
import shutil
import struct
import subprocess
import tarfile

import decode_blob
import read_pack
from judge_inputs import JudgeError, Skip, find_archive, run_judge

REAL_KERNELS = 2
PADDING = 2500  # types


class Model:
    """A plain BTF that can be changed: the words of each type, with texts for names."""

    def __init__(self):
        self.types = []

    def add(self, btf):
        """All types of a BTF behind those that are there."""
        plain = decode_blob.PlainBtf(btf)
        before = len(self.types)
        for begin, end in zip(plain.begins[1:], plain.begins[2:]):
            words = list(plain.words[begin:end])
            names, refs, _ = decode_blob.words_of_type(words, 0)
            for i in names:
                words[i] = plain.strings[plain.ordinals[words[i]]]
            for i in refs:
                words[i] += before if words[i] != 0 else 0
            self.types.append(words)

    def changed(self, chance):
        """Variant with some types moved, changed, or pointed elsewhere."""
        other = Model()
        order = list(range(len(self.types)))
        for _ in range(chance.choice([0, 1, 30])):
            begin = chance.randrange(len(order))
            stretch = order[begin:begin + chance.randrange(1, 40)]
            del order[begin:begin + len(stretch)]
            to = chance.randrange(len(order) + 1)
            order[to:to] = stretch
        new_ids = [0] * (len(order) + 1)
        for new_id, old in enumerate(order, 1):
            new_ids[old + 1] = new_id
        for old in order:
            words = list(self.types[old])
            for i in decode_blob.words_of_type(words, 0)[1]:
                words[i] = new_ids[words[i]]
            change_type(words, chance, len(order))
            other.types.append(words)
        return other

    def btf(self, unused=(), sort=False):
        """The file; `unused` strings stand in the middle of the others."""
        texts = dict.fromkeys([b"\0"])  # in order
        for words in self.types:
            texts.update(dict.fromkeys(words[i] for i in decode_blob.words_of_type(words, 0)[0]))
        texts = list(texts)
        texts[len(texts) // 2:len(texts) // 2] = unused
        if sort:
            texts.sort()
        offsets = {}
        size = 0
        for text in texts:
            offsets[text] = size
            size += len(text)
        words = [offsets.get(word, word) for words in self.types for word in words]
        return (struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, 4 * len(words), 4 * len(words), size)
                + struct.pack(f"<{len(words)}I", *words) + b"".join(texts))


def change_type(words, chance, largest_id):
    """Changes one of ten or so, in one of several ways."""
    names, refs, _ = decode_blob.words_of_type(words, 0)
    kind = words[1] >> 24 & 0x1F
    luck = chance.random()
    if luck < 0.01 and refs:
        words[chance.choice(refs)] = chance.randrange(largest_id + 1)
    elif luck < 0.02:
        words[chance.choice(names)] = b"renamed_%d\0" % chance.randrange(50)
    elif luck < 0.10 and kind in decode_blob.ELEMENT_WORDS:
        change_elements(words, chance, largest_id)
    elif luck < 0.30 and kind in decode_blob.FIXED_WORDS:
        words[-1] ^= chance.randrange(1, 4)
        if kind == decode_blob.ARRAY:
            words[2] = 7  # which has no meaning


def change_elements(words, chance, largest_id):
    """Takes an element away, changes one or adds one."""
    kind = words[1] >> 24 & 0x1F
    per = decode_blob.ELEMENT_WORDS[kind]
    count = words[1] & 0xFFFF
    at = 3 + per * chance.randrange(count + 1)
    what = chance.randrange(3)
    if what == 0 and at < len(words):
        del words[at:at + per]
        words[1] -= 1
        return
    if what == 1 and at < len(words) and kind != decode_blob.FUNC_PROTO:  # ends with a type ID
        words[at + per - 1] ^= chance.randrange(1, 1 << 20)
        return
    new_id = chance.randrange(largest_id)
    name = b"added_%d\0" % chance.randrange(1000)
    words[at:at] = [new_id, 8, 8] if kind == decode_blob.DATASEC else [name, new_id, 64][:per]
    words[1] += 1


def struct_type(name, members):
    """Each member's name goes with one type, as in a kernel it mostly does."""
    words = [name, decode_blob.STRUCT << 24 | len(members), 8]
    for member in members:
        words += [b"member_%d\0" % member, 1 + member, 64]
    return words


def add_more(model):
    """Types of which those of tests/data have too few."""
    for number in range(PADDING):  # so that some types are far from each other
        model.types.append(struct_type(b"padding_%d\0" % number, [number % 900]))
    model.types.append([b"\0", decode_blob.RESTRICT << 24, 1])
    model.types.append([b"variable\0", decode_blob.VAR << 24, 1, 1])
    variable = len(model.types)
    for section in (b"section\0", b"another_section\0"):
        model.types.append([section, decode_blob.DATASEC << 24 | 1, 8, variable, 0, 8])
        model.types.append([b"\0", decode_blob.PTR << 24, variable])


def stage_variants(small, folder):
    """Kernels that are like each other, in every way that matters to the coding."""
    chance = random.Random(6)
    model = Model()
    for btf in small:
        model.add(btf)
    add_more(model)
    folder.mkdir()
    alone = Model()
    alone.types = [[b"like_no_other\0", decode_blob.INT << 24, 4, 32]]
    (folder / "alone_with_end.btf").write_bytes(alone.btf() + b"end")
    unused = [b"unused_%d\0" % i for i in range(30)]
    for number in range(12):
        variant = model.changed(chance)
        btf = variant.btf(unused[:number % 3], sort=number % 5 == 4)
        (folder / f"changed_{number}.btf").write_bytes(btf)
        if number < 3:
            # Not laid out as usual, so that the bytes are coded as they are.
            (folder / f"with_end_{number}.btf").write_bytes(btf + b"end")
        model = chance.choice([model, variant])
    # Few types that name many others.
    model.types += [struct_type(name, range(300)) for name in (b"large\0", b"as_large\0")]
    (folder / "with_two_large.btf").write_bytes(model.btf())


def stage(arguments, archive):
    small = archive / "test-data"
    small.mkdir(parents=True)
    for kernel in sorted(arguments.test_data.glob("*.btf")):
        shutil.copyfile(kernel, small / kernel.name)
    stage_variants([kernel.read_bytes() for kernel in sorted(small.iterdir())
                    if ".be." not in kernel.name], archive / "variants")
    try:
        real = find_archive(arguments.archive)
        for kernel in sorted(real.rglob("*.btf.tar.xz"))[:REAL_KERNELS]:
            (archive / "real").mkdir(exist_ok=True)
            shutil.copyfile(kernel, archive / "real" / kernel.name)
    except Skip as reason:
        print(f"without an archive: {reason}")


def btf_of(path):
    if path.suffix == ".btf":
        return path.read_bytes()
    with tarfile.open(path) as tar:
        members = (tar.extractfile(member).read() for member in tar if member.isfile())
        return next(content for content in members if content[:2] == b"\x9f\xeb")


def make_pack(btfbatch, archive, out):
    done = subprocess.run([btfbatch, "pack", "--archive", archive, "--out", out, "--quiet"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise JudgeError(f"btfbatch pack exits with {done.returncode}: {done.stderr.strip()}")


def differences(pack, archive):
    """What the pack says otherwise than the archive."""
    there = {path.relative_to(archive).as_posix() for path in archive.rglob("*.btf*")}
    if there != {kernel.path for kernel in pack.kernels}:
        yield "the pack has other kernels than the archive"
    for kernel in pack.kernels:
        path = archive / kernel.path
        file = path.read_bytes()
        if (kernel.file_size, kernel.file_xxh128) != (len(file), read_pack.xxh128(file)):
            yield f"{kernel.path}: the pack knows another file"
        try:
            if pack.btf(kernel.blob) != btf_of(path):
                yield f"{kernel.path}: another BTF"
        except decode_blob.Broken as reason:
            yield f"{kernel.path}: {reason}"


def not_seen(pack):
    """What no blob of the pack has shown, so that nobody knows whether it can be read."""
    symbols = collections.defaultdict(set)
    ways = set()
    for blob in pack.blobs:
        ways.add((blob.method, blob.base != read_pack.NO_BASE))
        for stream in range(decode_blob.STREAMS) if blob.streams else ():
            symbols[stream].update(blob.streams.streams[stream])
        if blob.streams and blob.base == read_pack.NO_BASE:
            symbols["kinds alone"].update(
                byte & 0x1F for byte in blob.streams.streams[decode_blob.KINDS])
    missing = [f"method and base {way}" for way in
               sorted({(0, False), (0, True), (1, False), (1, True)} - ways)]
    for name, stream, wanted in (
            ("ops", decode_blob.SEGMENT_OPS, range(8)),
            ("head names", decode_blob.HEAD_NAMES, range(4)),
            ("element names", decode_blob.ELEMENT_NAMES, range(4)),
            ("head refs", decode_blob.HEAD_REFS, range(5)),
            ("element refs", decode_blob.ELEMENT_REFS, range(5)),
            ("matches", decode_blob.MATCHES, range(3)),
            ("kinds", "kinds alone", range(1, 20))):
        missing += [f"{name}: {symbol}" for symbol in sorted(set(wanted) - symbols[stream])]
    missing += [f"stream {stream}" for stream in range(decode_blob.STREAMS) if not symbols[stream]]
    return missing


def refuses_damage(path, work):
    """Whether a changed byte is found, in each part of the file."""
    data = path.read_bytes()
    damaged = work / "damaged.btfpack"
    for place in (20, 100, len(data) // 2, len(data) - 100, len(data) - 1):
        damaged.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1:])
        try:
            read_pack.Pack(damaged, work)
        except decode_blob.Broken:
            continue
        print(f"COMPLAINT: with byte {place} changed it is read all the same")
        return False
    return True


def judge(arguments, work):
    for command, package in (("zstd", "zstd"), ("xxhsum", "xxhash")):
        if shutil.which(command) is None:
            raise Skip(f"{command} is not installed (Debian's package {package})")
    archive = work / "archive"
    path = work / "hub.btfpack"
    stage(arguments, archive)
    make_pack(arguments.btfbatch, archive, path)
    problems = []
    try:
        pack = read_pack.Pack(path, work)
        problems += differences(pack, archive)
        problems += [f"never met, so not judged: {what}" for what in not_seen(pack)]
    except decode_blob.Broken as reason:
        problems.append(str(reason))
    for problem in problems:
        print(f"COMPLAINT: {problem}")
    if problems:
        return False
    deltas = sum(blob.base != read_pack.NO_BASE for blob in pack.blobs)
    print(f"{len(pack.kernels)} kernels read from {len(pack.blobs)} blobs, {deltas} of them coded "
          f"against another; {len(pack.failures)} failures")
    return refuses_damage(path, work)


if __name__ == "__main__":
    run_judge(__doc__, judge)
