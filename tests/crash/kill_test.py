#!/usr/bin/env python3
"""kill -9 at random moments of a run over an existing output.

After each kill, every path must show exactly its old or exactly its new bytes, as a reader sees them
through links, or, in the layout "indexed", through index.json; a path of one of the two states only
may show nothing as well. Then the next run must make the very tree that a fresh run makes, and leave
no litter.

The moments: one in three is drawn from the time that a run takes. The others are drawn from the
calls by which a run changes files (see kill_at_call.c), half of these from the calls by which it
places its files. What they hit is told at the end. One kill in four is followed by a kill of the
next run, and one in four of the completing runs is one for the old state.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import harness
from harness import STAGING, btf_writer, difference, indexed_kernels, shown_files, tree_of

JOURNAL = f"{STAGING}/journal.json"

# Old and new layout. Those that place most, and the most intricate ones, more often.
CHANGES = [
    ("symlink", "symlink"), ("symlink", "symlink"), ("symlink", "symlink"),
    ("hardlink", "hardlink"), ("indexed", "indexed"), ("indexed", "indexed"),
    ("copy", "symlink"), ("symlink", "copy"), ("symlink", "hardlink"), ("hardlink", "symlink"),
    ("symlink", "indexed"), ("indexed", "symlink"),
]


@dataclass
class State:
    """An archive and an object set, and what a fresh run makes of them."""

    archive: Path
    objects: tuple
    layout: str
    fresh: Path
    tree: dict = field(default_factory=dict)
    shown: dict = field(default_factory=dict)

    def make(self):
        done = harness.run(self.command(self.fresh))
        if done.returncode != 0:
            sys.exit(f"a fresh run ends with {done.returncode}: {done.stderr}")
        self.tree = tree_of(self.fresh)
        self.shown = shown_files(self.fresh)

    def command(self, out):
        return harness.command(self.archive, out, "-q", "-j2", "--layout", self.layout,
                               objects=self.objects)


def make_archive(root, is_new):
    """Two contents of one archive, which differ in all that makes placing intricate.

    Which kernels share their result differs by content and by object set, so that links become
    files and files links. Kernels appear and vanish. A folder becomes a link to another folder and
    the other way round, a link to a folder leads elsewhere or vanishes, a link to a kernel becomes
    a kernel, and where a kernel was there is a folder of kernels.
    """
    def put(path, number, variants):
        age = 16 + 8 * (number * (5 if is_new else 3) % variants)
        red = number // (2 if is_new else 3) % variants
        harness.write_file(root / f"{path}.btf", btf_writer.kernel(age, red))

    for release in ("18.04", "20.04", "22.04"):
        for number in range(14):
            put(f"ubuntu/{release}/x86_64/5.{number:02}-generic", number + len(release), 7)
    for number in range(20):
        if number % 3 != (0 if is_new else 1):
            put(f"debian/12/arm64/6.{number:02}-arm64", number, 5)
    for name in ("a-folder-or-link", "z-folder-or-link"):
        if is_new == name.startswith("a"):
            (root / "ubuntu" / name).symlink_to("20.04")
        else:
            for number in range(8):
                put(f"ubuntu/{name}/x86_64/5.{number:02}-generic", number * 2 + 1, 7)
    (root / "ubuntu/moving").symlink_to("22.04" if is_new else "18.04")
    (root / "ubuntu/staying").symlink_to("20.04")
    if not is_new:
        (root / "ubuntu/vanishing").symlink_to("20.04")
    else:
        (root / "ubuntu/appearing").symlink_to("20.04")
    twin = root / "debian/12/arm64/twin.btf"
    if is_new:
        put("debian/12/arm64/twin", 3, 5)
        put("debian/12/arm64/grown.btf/inner", 2, 5)
        put("fedora/30/x86_64/9.0", 1, 5)
    else:
        twin.symlink_to("6.02-arm64.btf")
        put("debian/12/arm64/grown", 4, 5)
        put("fedora/30/x86_64/9.0.btf/inner", 3, 5)


@dataclass
class Moments:
    """From which kills are drawn."""

    seconds: float  # that a run takes
    calls: int  # that a run makes; 0 where they cannot be told
    first_placing: int = 0  # the calls by which files are placed, from the journal to the manifest
    last_placing: int = 0

    def draw(self, dice):
        """The delay in seconds, or None, and the number of the call, or None."""
        if self.calls == 0 or dice.random() < 1 / 3:
            return dice.random() * self.seconds * 1.05, None
        if dice.random() < 0.5:
            return None, dice.randint(1, self.calls)
        return None, dice.randint(self.first_placing, self.last_placing + 1)


class Killer:
    def __init__(self, preload, work, dice):
        self.preload = preload
        self.work = work
        self.dice = dice
        self.hits = Counter()

    def measure(self, old, new):
        """The moments of a run over the old state."""
        seconds = []
        for _ in range(3):
            out = copy_of(old, self.work)
            begin = time.monotonic()
            harness.run(new.command(out))
            seconds.append(time.monotonic() - begin)
            shutil.rmtree(out)
        moments = Moments(sorted(seconds)[1], 0)
        if self.preload:
            out = copy_of(old, self.work)
            listed = self.work / "calls"
            done = harness.run(new.command(out), env=self.environment(BTFBATCH_TEST_CALLS=listed))
            if done.returncode != 0:
                sys.exit(f"a preloaded run ends with {done.returncode}: {done.stderr}")
            calls = listed.read_text().splitlines()
            moments.calls = len(calls)
            moments.first_placing = 2 + calls.index(f"rename {out / JOURNAL}")
            moments.last_placing = 1 + calls.index(f"rename {out / 'btfbatch.json'}")
            shutil.rmtree(out)
        return moments

    def environment(self, **more):
        return {**os.environ, "LD_PRELOAD": str(self.preload),
                **{name: str(value) for name, value in more.items()}}

    def run_and_kill(self, state, out, moments):
        """Starts a run over `out`, and notes what phase the kill has hit."""
        before = (out / "btfbatch.json").stat().st_ino
        delay, call = moments.draw(self.dice)
        environment = self.environment(BTFBATCH_TEST_KILL_AT=call) if call else None
        process = subprocess.Popen(state.command(out), stdout=subprocess.DEVNULL, env=environment)
        if delay is not None:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        code = process.wait()
        if code == 0:
            self.hits["after the run's end"] += 1
        elif code != -signal.SIGKILL:
            raise AssertionError(f"the run ends with {code} instead of being killed")
        elif (out / "btfbatch.json").stat().st_ino != before:
            self.hits["after placing"] += 1
        elif (out / JOURNAL).exists():
            self.hits["during placing"] += 1
        else:
            self.hits["before placing"] += 1

    def try_change(self, old, new, moments):
        """One kill or two of runs over the old state, and what follows. What is wrong, or ""."""
        out = copy_of(old, self.work)
        for _ in range(1 if self.dice.random() < 0.75 else 2):
            self.run_and_kill(new, out, moments)
            if wrong := check_shown(out, [old, new]):
                return wrong
        if wrong := check_completed(old if self.dice.random() < 0.25 else new, out):
            return wrong
        shutil.rmtree(out)
        return ""


def copy_of(state, work):
    out = work / "out"
    subprocess.run(["cp", "-a", state.fresh, out], check=True)
    return out


def check_shown(out, states):
    """What is wrong in what a reader sees after a kill, or ""."""
    shown = shown_files(out)
    indexes = [indexed_kernels(state.shown) for state in states]
    for path in sorted(set(shown).union(*(state.shown for state in states))):
        if shown.get(path) not in [state.shown.get(path) for state in states]:
            what = f"{len(shown[path])} other bytes" if path in shown else "nothing"
            return f"{path} shows {what}, neither what was there nor what comes"
    found = indexed_kernels(shown)
    for path, content in (found or {}).items():
        if content not in [index[path] for index in indexes if index and path in index]:
            return f"index.json leads from {path} to other bytes than it did and will"
    # A kernel of all states can be had: from the tree, or from the index.
    kernels = set.intersection(*(
        set(index if index is not None else state.shown)
        for state, index in zip(states, indexes, strict=True)))
    for path in kernels:
        if path not in shown and not (found and found.get(path)):
            return f"{path} can be had neither from the tree nor from the index"
    return ""


def check_completed(state, out):
    done = harness.run(state.command(out))
    if done.returncode != 0:
        return f"the next run ends with {done.returncode}: {done.stderr}"
    if wrong := difference(tree_of(out), state.tree):
        return f"after the next run: {wrong}"
    return ""


def make_states(work):
    """(old or new, layout) → State"""
    make_archive(work / "old-archive", is_new=False)
    make_archive(work / "new-archive", is_new=True)
    states = {}
    for name, objects in (("old", ("field_kinds",)), ("new", ("enum_values", "arrays"))):
        for layout in ("symlink", "hardlink", "copy", "indexed"):
            state = State(work / f"{name}-archive", objects, layout, work / f"{name}-{layout}")
            state.make()
            states[name, layout] = state
    return states


def main():
    parser = harness.argument_parser(__doc__)
    parser.add_argument("--preload", type=Path, metavar="FILE",
                        help="kill_at_call.so; without it, all kills are by the clock")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, help="default: another one each time")
    arguments = parser.parse_args()
    harness.take_settings(arguments)
    seed = arguments.seed if arguments.seed is not None else random.SystemRandom().getrandbits(32)
    print(f"seed {seed}", flush=True)
    work = Path(tempfile.mkdtemp(prefix="kill-", dir=harness.settings.work))
    states = make_states(work)

    preload = arguments.preload and arguments.preload.resolve()
    killer = Killer(preload, work, random.Random(seed))
    moments = {}
    for before, after in dict.fromkeys(CHANGES):
        measured = killer.measure(states["old", before], states["new", after])
        moments[before, after] = measured
        print(f"{before:>8} to {after:<8}  {measured.seconds * 1e3:6.1f} ms, {measured.calls} calls"
              f", placing {measured.first_placing} to {measured.last_placing}", flush=True)

    begin = time.monotonic()
    for number in range(sys.maxsize):
        if killer.hits.total() >= arguments.kills:
            break
        before, after = CHANGES[number % len(CHANGES)]
        wrong = killer.try_change(states["old", before], states["new", after],
                                  moments[before, after])
        if wrong:
            sys.exit(f"{before} to {after}, kill {killer.hits.total()}: {wrong}\n"
                     f"seed {seed}; see {work}")
    print(f"{killer.hits.total()} kills in {time.monotonic() - begin:.0f} s: "
          + ", ".join(f"{count} {phase}" for phase, count in sorted(killer.hits.items())))
    if killer.preload and killer.hits["during placing"] < killer.hits.total() / 4:
        sys.exit("too few kills have hit the placing of files to prove anything")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
