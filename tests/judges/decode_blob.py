"""Decodes the blobs of a pack, written from the text of docs/pack-format.md alone.

It is to show that the text suffices, so nothing of btfbatch is used, and zstd is the command. Slow,
about a second a kernel.
"""

import array
import bisect
import struct
import subprocess
import sys

MASK = 0xFFFFFFFF
STREAMS = 23
(HEAD, SEGMENT_OPS, SEGMENT_COUNTS, SEGMENT_BASES, KINDS, ELEMENT_COUNTS, SIZES, TAILS, HEAD_NAMES,
 ELEMENT_NAMES, NAMES, HEAD_REFS, ELEMENT_REFS, NEAR_REFS, FAR_REFS, MATCHES, OFFSETS, BIT_OFFSETS,
 VALUES, PATCH_PLACES, PATCH_REFS, STRING_RUNS, STRINGS) = range(STREAMS)

(INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO,
 VAR, DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64) = range(1, 20)
REFERRING = {PTR, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DECL_TAG, TYPE_TAG}
FIXED_WORDS = {INT: 4, ARRAY: 6, VAR: 4, DECL_TAG: 4}  # of all others 3
ELEMENT_WORDS = {STRUCT: 3, UNION: 3, ENUM: 2, FUNC_PROTO: 2, DATASEC: 3, ENUM64: 3}


class Broken(Exception):
    """Why this is no pack, or a damaged one."""


def require(holds, otherwise):
    if not holds:
        raise Broken(otherwise)


def command(*words, data):
    done = subprocess.run(words, input=data, capture_output=True, check=False)
    require(done.returncode == 0, f"{words[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def expand(frames, *options):
    return command("zstd", "-dcq", "--memory=2048MB", *options, data=frames)


class Streams:
    def __init__(self, coded, most):
        self.data = coded
        self.at = 0
        sizes = []
        for _ in range(STREAMS):
            raw = self.list_number()
            sizes.append((raw, self.list_number() if raw else 0))
        require(sum(raw for raw, _ in sizes) <= most, "the streams are too large")
        # All frames in one go: what they give is divided by the sizes that the list says.
        stored = []
        for _, size in sizes:
            require(self.at + size <= len(coded), "a stream is cut short")
            stored.append(coded[self.at:self.at + size])
            self.at += size
        require(self.at == len(coded), "bytes behind the last stream")
        frames = b"".join(part for part, (raw, size) in zip(stored, sizes) if raw != size)
        expanded = expand(frames) if frames else b""
        begin = 0
        self.streams = []
        for part, (raw, size) in zip(stored, sizes):
            if raw != size:
                part = expanded[begin:begin + raw]
                begin += raw
            require(len(part) == raw, "a stream is shorter than it should be")
            self.streams.append(part)
        require(begin == len(expanded), "the streams are longer than they should be")
        self.places = [0] * STREAMS

    def list_number(self):
        value = 0
        for shift in range(0, 42, 7):
            require(self.at < len(self.data), "the list of streams is cut short")
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise Broken("a number of the list does not end")

    def number(self, stream):
        data = self.streams[stream]
        at = self.places[stream]
        value = 0
        for shift in range(0, 35, 7):
            require(at < len(data), f"stream {stream} ends too early")
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                self.places[stream] = at
                return value & MASK
        raise Broken(f"a number of stream {stream} does not end")

    def signed(self, stream):
        number = self.number(stream)
        return (number >> 1) ^ -(number & 1)


def words_of_type(words, at):
    """Where the names and the type IDs of the type at a word are, and where it ends."""
    info = words[at + 1]
    kind = info >> 24 & 0x1F
    per = ELEMENT_WORDS.get(kind, 0)
    elements = at + FIXED_WORDS.get(kind, 3)
    end = elements + per * (info & 0xFFFF)
    names = [at]
    refs = []
    if kind in REFERRING:
        refs.append(at + 2)
    elif kind == ARRAY:
        refs += (at + 3, at + 4)
    if kind in (STRUCT, UNION, FUNC_PROTO):
        refs += range(elements + 1, end, per)
    if kind == DATASEC:
        refs += range(elements, end, per)
    elif per:
        names += range(elements, end, per)
    return names, refs, end


def split_strings(section):
    """The strings, each with its NUL."""
    require(not section or section[-1] == 0, "the last string does not end")
    return [string + b"\0" for string in section.split(b"\0")[:-1]]


class PlainBtf:
    """A BTF that others can be coded against."""

    def __init__(self, btf):
        require(len(btf) >= 24, "the BTF has no header")
        magic, version, flags, size, type_at, type_size, string_at, string_size = struct.unpack(
            "<HBBIIIII", btf[:24])
        require((magic, version, flags, size, type_at) == (0xEB9F, 1, 0, 24, 0)
                and string_at == type_size and type_size % 4 == 0
                and 24 + type_size + string_size == len(btf), "the base is not plain")
        self.words = array.array("I", btf[24:24 + type_size])
        if sys.byteorder == "big":
            self.words.byteswap()
        self.strings = split_strings(btf[24 + type_size:])
        self.begins = [0, 0]  # of each type, by ID; one more, where the last one ends
        self.ordinals = {}  # by offset
        offset = 0
        for ordinal, string in enumerate(self.strings):
            self.ordinals[offset] = ordinal
            offset += len(string)
        largest = 0
        while self.begins[-1] < len(self.words):
            require(self.begins[-1] + 3 <= len(self.words), "a type of the base is cut short")
            require(1 <= self.words[self.begins[-1] + 1] >> 24 & 0x1F <= 19, "an unknown kind")
            names, refs, end = words_of_type(self.words, self.begins[-1])
            require(end <= len(self.words), "a type of the base is cut short")
            require(all(self.words[i] in self.ordinals for i in names), "a name is no string")
            largest = max([largest, *(self.words[i] for i in refs)])
            self.begins.append(end)
        require(largest < self.type_count, "the base refers to types that do not exist")

    @property
    def type_count(self):
        """One more than the highest type ID."""
        return len(self.begins) - 1

    def source(self, word):
        return self.ordinals[self.words[word]]


NOTHING = PlainBtf(struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, 0, 0, 1) + b"\0")


class SegmentReader:
    """Of each: whether copied; first type of the base, or 0; how many. And the translation."""

    def __init__(self, streams, base, count, most_types):
        self.translation = [0] * base.type_count
        # By type ID of the base, some type at or behind it that may be free.
        self.free = list(range(base.type_count + 1))
        self.ends = [1] * 8
        self.segments = []
        first = 1
        for _ in range(count):
            op = streams.number(SEGMENT_OPS)
            types = streams.number(SEGMENT_COUNTS)
            require(1 <= types <= most_types - (first - 1) and op <= 18, "a segment makes no sense")
            begin = 0
            if op != 0:
                where = (op - 1) // 2
                if where == 0:
                    begin = self.ends[0] + streams.signed(SEGMENT_BASES) & MASK
                else:
                    begin = self.first_free(self.ends[where - 1])
                self.take(begin, types, first)
            self.segments.append((op % 2 == 1, begin, types))
            first += types
        self.type_count = first

    def first_free(self, begin):
        at = begin
        while self.free[at] != at:
            at = self.free[at]
        while begin != at:
            self.free[begin], begin = at, self.free[begin]
        return at

    def take(self, begin, types, first):
        require(1 <= begin and begin + types <= len(self.translation),
                "a segment is of types that the base does not have")
        for i in range(types):
            require(self.translation[begin + i] == 0, "a type of the base is taken twice")
            self.translation[begin + i] = first + i
            self.free[begin + i] = begin + i + 1
        self.ends = [begin + types, *self.ends[:7]]


class TypeReader:
    """Reads spelled types; their names are sources."""

    def __init__(self, streams, base, translation, added, spelled):
        self.streams = streams
        self.base = base
        self.translation = translation
        self.next_added = len(base.strings)
        self.sources = len(base.strings) + added
        self.bits = min(max(spelled.bit_length() + 1, 8), 18)
        self.told = [0] * (1 << self.bits)
        self.last_name = 0
        self.id = 0

    def type(self, type_id, like):
        """The words of a type; `like` is where the base's begins, or None."""
        self.id = type_id
        number, told = self.streams.number, self.told_from
        like_info = self.like_word(like, 1)
        top = number(KINDS) ^ (like_info >> 24 & 0x9F)
        count = told(like_info & 0xFFFF, ELEMENT_COUNTS)
        kind = top & 0x1F
        require(1 <= kind <= 19 and top <= 0xFF and count <= 0xFFFF, "a type makes no sense")
        require(like is None or kind == like_info >> 24 & 0x1F, "a like of another kind")
        words = [self.name(HEAD_NAMES, like), top << 24 | count]
        if kind in REFERRING:
            words.append(self.ref(HEAD_REFS, like, 2))
            if kind in (VAR, DECL_TAG):
                words.append(told(self.like_word(like, 3), TAILS))
        elif kind == ARRAY:
            words.append(told(0, TAILS))
            words.append(self.ref(HEAD_REFS, like, 3))
            words.append(self.ref(HEAD_REFS, like, 4))
            words.append(told(self.like_word(like, 5), SIZES))
        else:
            words.append(told(self.like_word(like, 2), SIZES))
            if kind == INT:
                words.append(number(TAILS))
        if kind in ELEMENT_WORDS:
            self.elements(kind, count, like, words)
        return words

    def elements(self, kind, count, like, words):
        per = ELEMENT_WORDS[kind]
        before = [0] * per
        first = like + 3 if like is not None else None  # elements of the like
        matched = 0  # of the like's elements, up to the one matched last
        for i in range(count):
            element = None
            if like is not None:
                skip = self.streams.number(MATCHES)
                if skip != 0:
                    matched += skip
                    require(matched <= self.base.words[like + 1] & 0xFFFF,
                            "a match beyond the last")
                    element = first + per * (matched - 1)
            if kind in (STRUCT, UNION):
                before = self.member(element, element == first, before)
            elif kind == DATASEC:
                before = self.variable(element, before)
            else:
                before = self.other_element(kind, element, before, i == 0)
            words += before

    def member(self, like, like_is_first, before):
        name = self.name(ELEMENT_NAMES, like)
        ref = self.ref(ELEMENT_REFS, like, 1)
        if like is None:
            return [name, ref, self.told_from(before[2], BIT_OFFSETS)]
        step = self.base.words[like + 2] - (0 if like_is_first else self.base.words[like - 1])
        return [name, ref, self.told_from(before[2] + step, OFFSETS)]

    def variable(self, like, before):
        self.last_name = 0
        return [self.ref(ELEMENT_REFS, like, 0), self.told_from(before[1] + before[2], VALUES),
                self.told_from(self.like_word(like, 2), VALUES)]

    def other_element(self, kind, like, before, is_first):
        name = self.name(ELEMENT_NAMES, like)
        if kind == FUNC_PROTO:
            return [name, self.ref(ELEMENT_REFS, like, 1)]
        low = self.told_from(0 if is_first else before[1] + 1, VALUES)
        return [name, low] if kind == ENUM else [name, low, self.told_from(before[2], VALUES)]

    def like_word(self, like, i):
        return 0 if like is None else self.base.words[like + i]

    def told_from(self, expected, stream):
        return expected + self.streams.signed(stream) & MASK

    def name(self, stream, like):
        symbol = self.streams.number(stream)
        require(symbol <= 3, "a name's symbol is not known")
        source = 0
        if symbol == 0:
            require(like is not None, "a name as that of nothing")
            source = self.base.source(like)
        elif symbol == 2:
            source = self.next_added
            require(source < self.sources, "no added string is left")
            self.next_added += 1
        elif symbol == 3:
            source = self.streams.number(NAMES)
            require(source < self.sources, "a name that does not exist")
        if source != 0:
            self.last_name = source
        return source

    def ref(self, stream, like, i):
        symbol = self.streams.number(stream)
        place = (self.last_name * 0x9E3779B1 & MASK) >> (32 - self.bits)
        require(symbol <= 4, "a type ID's symbol is not known")
        if symbol == 0:
            require(like is not None, "a type ID as that of nothing")
            ref = self.translation[self.base.words[like + i]]
        elif symbol == 1:
            ref = self.told[place]
        elif symbol == 2:
            ref = 0
        elif symbol == 3:
            ref = self.id - self.streams.signed(NEAR_REFS) & MASK
        else:
            ref = self.streams.number(FAR_REFS)
        self.told[place] = ref
        return ref


class StringSection:
    """Puts sources one behind the other, as they are named, with the runs between."""

    def __init__(self, streams, strings, runs):
        self.streams = streams
        self.strings = strings  # by source
        self.runs_left = runs
        self.offsets = {0: 0}  # by source
        self.order = [0]
        self.size = 1
        self.run_begin = 0
        self.run_count = 0
        self.before_run = -1  # strings that names put before the next run; negative: there is none
        self.read_run()
        self.put_runs()

    def offset(self, source):
        if source not in self.offsets:
            self.put(source)
            self.before_run -= 1
            self.put_runs()
        return self.offsets[source]

    def put(self, source):
        self.offsets[source] = self.size
        self.order.append(source)
        self.size += len(self.strings[source])

    def read_run(self):
        self.before_run = -1
        if self.runs_left > 0:
            self.runs_left -= 1
            self.before_run = self.streams.number(STRING_RUNS)
            self.run_begin = self.run_begin + self.streams.signed(STRING_RUNS) & MASK
            self.run_count = self.streams.number(STRING_RUNS)

    def put_runs(self):
        while self.before_run == 0:
            end = self.run_begin + self.run_count
            require(self.run_count > 0 and end <= len(self.strings), "a run makes no sense")
            for source in range(self.run_begin, end):
                require(source not in self.offsets, "a string of a run was put before")
                self.put(source)
            self.read_run()

    def section(self, size):
        require(self.before_run < 0, "a run is left over")
        require(self.size == size, "the strings do not fill the string section")
        return b"".join(self.strings[source] for source in self.order)


def decode_types(base, streams, size):
    """A BTF of `size` bytes from its streams."""
    word_count, segment_count, spelled, runs, patches = (streams.number(HEAD) for _ in range(5))
    require(24 + 4 * word_count < size, "the type section does not fit")
    require(len(streams.streams[STRINGS]) <= size, "the added strings do not fit")
    added = split_strings(streams.streams[STRINGS])
    segments = SegmentReader(streams, base, segment_count, word_count // 3)
    reader = TypeReader(streams, base, segments.translation, len(added), spelled)
    strings = StringSection(streams, base.strings + added, runs)

    words = array.array("I")
    all_refs = []  # the words that are type IDs, ascending
    type_id = 1
    largest = 0
    for copied, begin, count in segments.segments:
        for i in range(count):
            like = base.begins[begin + i] if begin else None
            at = len(words)
            if copied:
                words += base.words[like:base.begins[begin + i + 1]]
            else:
                words.extend(reader.type(type_id, like))
            require(len(words) <= word_count, "the types do not fit")
            names, refs, _ = words_of_type(words, at)
            for word in names:
                source = base.source(like + word - at) if copied else words[word]
                words[word] = strings.offset(source)
            for word in refs:
                if copied:
                    words[word] = segments.translation[words[word]]
                else:
                    largest = max(largest, words[word])
            all_refs += refs
            type_id += 1
    require(len(words) == word_count, "the types do not fill the type section")

    place = ref = 0
    for _ in range(patches):
        place = place + streams.number(PATCH_PLACES) & MASK
        ref = ref + streams.signed(PATCH_REFS) & MASK
        at = bisect.bisect_left(all_refs, place)
        require(at < len(all_refs) and all_refs[at] == place, "a patch where no type ID is")
        words[place] = ref
        largest = max(largest, ref)
    require(largest < segments.type_count, "a type ID that no type has")

    if sys.byteorder == "big":
        words.byteswap()
    string_size = size - 24 - 4 * word_count
    header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, 4 * word_count, 4 * word_count,
                         string_size)
    return header + words.tobytes() + strings.section(string_size)
