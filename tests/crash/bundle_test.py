#!/usr/bin/env python3
"""kill -9 at every single call by which a run with bundles changes files (see kill_at_call.c).

After each kill, every bundle is exactly the old one or exactly the new one, and none is new while
the tree is still the old one. The next run makes all of them what a fresh run makes, and leaves no
litter beside them.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import harness
from harness import btf_writer

BUNDLES = ("b.tar.gz", "b.btfs", "b.o", "b.h")  # those that cost least to make
KERNELS = 2


def make_archive(folder, age):
    for number in range(KERNELS):
        harness.write_file(folder / f"u/20/x86_64/5.{number}.btf",
                           btf_writer.kernel(age, number % 2))


def command(archive, folder):
    bundles = [folder / name for name in BUNDLES]
    return harness.command(archive, folder / "out", "-q", "-j1", "--bundle", *bundles[:-2],
                           "--btfs-compression", "stored", "--emit-object", bundles[-2],
                           "--emit-header", bundles[-1])


def make(archive, folder):
    folder.mkdir()
    done = harness.run(command(archive, folder))
    if done.returncode != 0:
        sys.exit(f"a fresh run ends with {done.returncode}: {done.stderr}")
    return contents_of(folder)


def contents_of(folder):
    """The bundles, and the manifest, which is the last of the tree."""
    return {name: (folder / name).read_bytes() for name in (*BUNDLES, "out/btfbatch.json")}


def check_killed(folder, old, new):
    """What is wrong after a kill, or ""."""
    found = contents_of(folder)
    for name, content in found.items():
        if content not in (old[name], new[name]):
            return f"{name} has {len(content)} bytes, neither what was there nor what comes"
    if found["out/btfbatch.json"] != new["out/btfbatch.json"]:
        for name in BUNDLES:
            if found[name] != old[name]:
                return f"{name} is new before the tree is"
    return ""


def check_completed(archive, folder, new):
    done = harness.run(command(archive, folder))
    if done.returncode != 0:
        return f"the next run ends with {done.returncode}: {done.stderr}"
    if contents_of(folder) != new:
        return "the next run makes something else than a fresh one"
    litter = set(os.listdir(folder)) - set(BUNDLES) - {"out"}
    return f"left behind: {', '.join(sorted(litter))}" if litter else ""


def kill_everywhere(preload, work):
    """Returns the number of kills; exits where one shows a fault."""
    for name, age in (("old-archive", 16), ("new-archive", 24)):
        make_archive(work / name, age)
    archive = work / "new-archive"
    old = make(work / "old-archive", work / "old")
    new = make(archive, work / "new")
    unchanged = [name for name in BUNDLES if name != "b.h" and old[name] == new[name]]
    if unchanged:
        sys.exit(f"old and new are the same: {unchanged}")
    environment = {**os.environ, "LD_PRELOAD": str(preload)}
    folder = work / "killed"
    for call in range(1, sys.maxsize):
        shutil.copytree(work / "old", folder, symlinks=True)
        process = subprocess.run(command(archive, folder), check=False, stdout=subprocess.DEVNULL,
                                 env={**environment, "BTFBATCH_TEST_KILL_AT": str(call)})
        if process.returncode == 0:
            return call - 1
        wrong = f"the run ends with {process.returncode} instead of being killed"
        if process.returncode == -signal.SIGKILL:
            wrong = check_killed(folder, old, new) or check_completed(archive, folder, new)
        if wrong:
            sys.exit(f"killed at call {call}: {wrong}; see {work}")
        shutil.rmtree(folder)


def main():
    parser = harness.argument_parser(__doc__)
    parser.add_argument("--preload", type=Path, metavar="FILE", help="kill_at_call.so")
    arguments = parser.parse_args()
    harness.take_settings(arguments)
    if arguments.preload is None:
        print("skipped: a sanitized executable cannot be killed at a chosen call")
        sys.exit(harness.SKIPPED)
    work = Path(tempfile.mkdtemp(prefix="bundle-", dir=harness.settings.work))
    kills = kill_everywhere(arguments.preload.resolve(), work)
    print(f"{kills} kills, one at each call")
    if kills < 2 * len(BUNDLES):
        sys.exit("too few to have met the placing of every bundle")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
