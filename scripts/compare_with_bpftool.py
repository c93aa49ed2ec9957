#!/usr/bin/env python3
"""Holds btfbatch to `bpftool gen min_core_btf`, byte for byte, on real kernels.

Sets of objects: all files together, each alone, and random subsets. For each set btfbatch minimizes
the whole archive in one run, bpftool minimizes one kernel at a time, and every pair of results is
compared. Where bpftool fails there is nothing to compare with; its reasons are listed, and btfbatch
must still have written that kernel. Exit codes: 0 all identical, 1 a difference or an error, 77 not
run because the archive, the objects or bpftool are missing.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from dataclasses import dataclass, field

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "scripts" / "lib"))
from embedded_objects import extract  # noqa: E402

SKIPPED = 77
BTF_MAGIC = b"\x9f\xeb"
WRITTEN = ("minimized", "degraded")


class Skip(Exception):
    """Why the comparison cannot be run here."""


@dataclass
class Kernel:
    archive_path: str
    output_path: str
    btf: pathlib.Path  # unpacked


@dataclass
class ObjectSet:
    name: str
    files: list  # what btfbatch is given
    jobs: int  # threads for btfbatch


@dataclass
class Tally:
    """What the comparisons came to; shared by all workers."""

    identical: int = 0
    problems: list = field(default_factory=list)
    bpftool_failures: collections.Counter = field(default_factory=collections.Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def compared(self):
        return self.identical + len(self.problems) + self.bpftool_failures.total()


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--btfbatch", type=pathlib.Path, required=True, metavar="EXECUTABLE")
    parser.add_argument(
        "--archive",
        type=pathlib.Path,
        metavar="DIR",
        help="default: $BTFBATCH_TEST_ARCHIVE, or build/test-archive, which "
        "scripts/test.sh makes",
    )
    parser.add_argument("--kernels", type=int, metavar="N", help="only N kernels of the archive")
    parser.add_argument(
        "--alone",
        type=int,
        metavar="N",
        help="only N files, drawn at random, on their own (default: each)",
    )
    parser.add_argument(
        "--subsets",
        type=int,
        default=20,
        metavar="N",
        help="random subsets of the files (default: 20)",
    )
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default: 1)")
    parser.add_argument(
        "-j",
        "--jobs",
        type=int,
        default=len(os.sched_getaffinity(0)),
        help="sets at a time (default: one for each core)",
    )
    parser.add_argument(
        "--work",
        type=pathlib.Path,
        default=REPOSITORY / "build",
        metavar="DIR",
        help="where a folder for kernels and results is made; it stays where "
        "something differs (default: build)",
    )
    parser.add_argument(
        "objects",
        type=pathlib.Path,
        nargs="*",
        metavar="OBJ",
        help="eBPF objects or executables that embed some (default: the "
        "executables of Debian's libbpf-tools)",
    )
    return parser.parse_args()


def find_bpftool():
    path = shutil.which("bpftool", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        raise Skip("bpftool is not installed")
    return path


def find_objects(given):
    if given:
        return [path.resolve() for path in given]
    listing = subprocess.run(
        ["dpkg", "-L", "libbpf-tools"], capture_output=True, text=True, check=False
    ).stdout
    paths = [pathlib.Path(line) for line in listing.splitlines() if line.startswith("/usr/sbin/")]
    if not paths:
        raise Skip("Debian's package libbpf-tools is not installed, and no object was given")
    return [path for path in paths if not path.is_symlink()]


def find_archive(given):
    default = os.environ.get("BTFBATCH_TEST_ARCHIVE") or REPOSITORY / "build" / "test-archive"
    archive = given or pathlib.Path(default)
    if not archive.is_dir() or next(archive.rglob("*.btf.tar.xz"), None) is None:
        raise Skip(
            f"there is no archive of real kernels at {archive}; "
            "scripts/fetch_debian_kernels.py makes one"
        )
    return archive.resolve()


def unpack_kernels(archive, folder, limit):
    """Unpacks the archive's kernels, or `limit` of them, evenly chosen in path order."""
    paths = sorted(path for path in archive.rglob("*.btf.tar.xz") if path.is_file())
    if limit is not None and limit < len(paths):
        paths = [paths[index * len(paths) // limit] for index in range(limit)]
    kernels = []
    for path in paths:
        archive_path = path.relative_to(archive).as_posix()
        output_path = archive_path.removesuffix(".tar.xz")
        unpacked = folder / output_path
        unpacked.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(path) as tar:
            members = (tar.extractfile(member).read() for member in tar if member.isfile())
            btf = next((data for data in members if data[:2] == BTF_MAGIC), None)
        if btf is None:
            print(f"left out, holds no BTF: {archive_path}")
            continue
        unpacked.write_bytes(btf)
        kernels.append(Kernel(archive_path, output_path, unpacked))
    return kernels


def choose_sets(files, alone, subsets, jobs, draw):
    sets = [ObjectSet("all", files, jobs)]
    singles = files if alone is None else draw.sample(files, min(alone, len(files)))
    sets += [ObjectSet(f"alone-{file.name}", [file], 1) for file in singles]
    for index in range(subsets):
        size = draw.randint(1, len(files))
        sets.append(ObjectSet(f"subset-{index:02}", draw.sample(files, size), 1))
    return sets


class Judge:
    """Compares the two tools on all kernels, one set of objects at a time."""

    def __init__(self, btfbatch, bpftool, archive, kernels, objects_of, work):
        self.btfbatch = btfbatch
        self.bpftool = bpftool
        self.archive = archive
        self.kernels = kernels
        self.objects_of = objects_of
        self.work = work
        self.tally = Tally()

    def judge(self, objects):
        """Compares one set's results. Thread-safe."""
        folder = self.work / objects.name
        outcomes = self.run_btfbatch(objects, folder / "btfbatch")
        if outcomes is None:
            return
        differs = False
        for kernel in self.kernels:
            mine = folder / "btfbatch" / kernel.output_path
            theirs = folder / "bpftool" / kernel.output_path
            failure = self.run_bpftool(objects, kernel, theirs)
            problem = self.problem_of(outcomes.get(kernel.archive_path), mine, theirs, failure)
            with self.tally.lock:
                if problem:
                    self.tally.problems.append(f"{objects.name}, {kernel.output_path}: {problem}")
                elif failure:
                    self.tally.bpftool_failures[failure] += 1
                else:
                    self.tally.identical += 1
            differs = differs or problem is not None
        if not differs:
            shutil.rmtree(folder)

    def run_btfbatch(self, objects, out):
        """Minimizes all kernels; their outcomes by archive path, or None where the run failed."""
        command = [self.btfbatch, "--archive", self.archive, "--out", out, "--layout", "copy"]
        command += ["-j", str(objects.jobs), "--progress", "never", "--quiet"]
        for kernel in self.kernels:
            command += ["--include", kernel.archive_path]
        command += ["--objs", *objects.files]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode in (0, 2):  # 2: some kernels failed or were degraded, judged one by one
            manifest = json.loads((out / "btfbatch.json").read_text(encoding="utf-8"))
            return {kernel["archive_path"]: kernel["outcome"] for kernel in manifest["kernels"]}
        problem = f"btfbatch exits with {done.returncode}: {done.stderr.strip()}"
        with self.tally.lock:
            self.tally.problems.append(f"{objects.name}: {problem}")
        return None

    def run_bpftool(self, objects, kernel, output):
        """Minimizes one kernel; why that failed, or None."""
        output.parent.mkdir(parents=True, exist_ok=True)
        inputs = [path for file in objects.files for path in self.objects_of[file]]
        done = subprocess.run(
            [self.bpftool, "gen", "min_core_btf", kernel.btf, output, *inputs],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return None
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        return said[0] if said else f"exit code {done.returncode}, no message"

    @staticmethod
    def problem_of(outcome, mine, theirs, bpftool_failure):
        if outcome not in WRITTEN:
            return f"btfbatch's outcome is '{outcome}'"
        if bpftool_failure:
            return None if mine.is_file() else f"{mine} is not there"
        if mine.read_bytes() != with_short_header(theirs.read_bytes()):
            return f"{mine} and {theirs} differ"
        return None


def with_short_header(btf):
    """Cuts the two empty fields that newer versions of libbpf end the header with."""
    if btf[4:8] == b"\x20\0\0\0" and btf[24:32] == bytes(8):
        return btf[:4] + b"\x18\0\0\0" + btf[8:24] + btf[32:]
    return btf


def main():
    arguments = parse_arguments()
    if not arguments.btfbatch.is_file():
        sys.exit(f"compare_with_bpftool: there is no {arguments.btfbatch}")
    try:
        bpftool = find_bpftool()
        files = find_objects(arguments.objects)
        archive = find_archive(arguments.archive)
    except Skip as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    arguments.work.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="compare_with_bpftool-", dir=arguments.work))
    kernels = unpack_kernels(archive, work / "kernels", arguments.kernels)
    objects_of = {
        file: extract([file], work / "objects" / str(index)) for index, file in enumerate(files)
    }
    draw = random.Random(arguments.seed)
    sets = choose_sets(files, arguments.alone, arguments.subsets, arguments.jobs, draw)
    print(
        f"{len(kernels)} kernels, {sum(map(len, objects_of.values()))} objects in {len(files)} "
        f"files, {len(sets)} sets of objects, seed {arguments.seed}",
        flush=True,
    )
    judge = Judge(arguments.btfbatch.resolve(), bpftool, archive, kernels, objects_of, work)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(judge.judge, sets))

    tally = judge.tally
    for problem in tally.problems:
        print(f"DIFFERENT: {problem}")
    for reason, count in tally.bpftool_failures.most_common():
        print(f"bpftool fails {count} times: {reason}")
    print(
        f"{tally.compared()} comparisons, {tally.identical} identical, {len(tally.problems)} "
        f"different, {tally.bpftool_failures.total()} where bpftool fails"
    )
    if tally.problems or tally.identical == 0:
        print(f"see {work}")
        return 1
    shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
