#!/usr/bin/env python3
"""The measuring behind scripts/compare.sh, which says what is compared with what.

Rounds are interleaved (a b c a b c …), so that a slower moment of the machine meets all of them; (d)
and (e), which take milliseconds, are measured many times in turn within each round. CPU
time and peak memory are those that the kernel accounts to the process and the children it waited
for.
"""

import argparse
import json
import os
import pathlib
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from embedded_objects import extract

MIB = 1 << 20
# What a run that finds nothing changed may take: this many times the reading floor, and seconds.
NO_CHANGE_FACTOR = 1.5
NO_CHANGE_EXTRA = 0.030
# What a verification may take, in runs.
VERIFY_FACTOR = 1.25
REPORT_FACTOR = 1.2  # and a run with a report
# What a pack may take: in decompressions, in parts of the archive, in bytes of memory; and how many
# times as fast as a run from the archive, and as make, a run from it is to be.
PACK_FACTOR = 4
PACK_SHARE = 0.07
PACK_MEMORY = 150e6
PACK_SPEEDUP = 8
PACK_SPEEDUP_OVER_MAKE = 25
SHORT_RUNS_PER_ROUND = 10
# Forms of a bundle, and how large they may be in sizes of `tar cJ` over the plain tree; none where
# the compression is a weaker one.
BUNDLE_FACTORS = {"tar.xz": 1.0, "btfs": 1.15, "tar.zst": None, "tar.gz": None}


class CompareError(Exception):
    """Why there is nothing to compare, in words for the person who asked."""


def measure(command, log, good_codes=(0,)):
    """Runs a command; wall and CPU seconds, and the peak memory of its largest process in bytes."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in good_codes:
        raise CompareError(f"{command[0]} exits with {process.returncode}, see {log.name}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss * 1024}


def write_makefile(path, archive, kernels, objects, out, bpftool):
    """What people run today: a rule for each kernel, unpack with tar, minimize, remove."""
    names = " ".join(shlex.quote(str(item)) for item in objects)
    lines = [f"all: {' '.join(f'k{index}' for index in range(len(kernels)))}"]
    for index, kernel in enumerate(kernels):
        output = out / kernel.removesuffix(".tar.xz")
        unpacked = out / f"unpacked-{index}"
        recipe = [
            f"mkdir -p {shlex.quote(str(unpacked))} {shlex.quote(str(output.parent))}",
            f"tar xfJ {shlex.quote(str(archive / kernel))} -C {shlex.quote(str(unpacked))}",
            # A kernel that bpftool refuses must not stop the others.
            f"{bpftool} gen min_core_btf {shlex.quote(str(unpacked))}/*.btf "
            f"{shlex.quote(str(output))} {names} || rm -f {shlex.quote(str(output))}",
            f"rm -r {shlex.quote(str(unpacked))}",
        ]
        lines.append(f".PHONY: k{index}\nk{index}:")
        lines += ["\t@" + line.replace("$", "$$") for line in recipe]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_floor(path, archive, kernels, jobs):
    """Decompressing every file and nothing else."""
    names = path.with_suffix(".names")
    names.write_bytes(b"".join(os.fsencode(archive / kernel) + b"\0" for kernel in kernels))
    path.write_text(
        f"xargs -0 -P {jobs} -n 1 xz -dc <{shlex.quote(str(names))} >/dev/null\n", encoding="utf-8"
    )


def write_reading_floor(path, archive, kernels, jobs):
    """Reading every file and hashing it with XXH3, as fast as it goes: a share for each core."""
    names = path.with_suffix(".names")
    names.write_bytes(b"".join(os.fsencode(archive / kernel) + b"\0" for kernel in kernels))
    share = -(-len(kernels) // jobs)
    path.write_text(
        f"xargs -0 -P {jobs} -n {share} xxhsum -H2 <{shlex.quote(str(names))} >/dev/null\n",
        encoding="utf-8",
    )


def check_same_bytes(kernels, mine, theirs):
    """How many results are the same bytes, and which kernels bpftool refused. Raises on others."""
    same, refused, different = 0, [], []
    for kernel in kernels:
        name = kernel.removesuffix(".tar.xz")
        if not (theirs / name).exists():
            refused.append(kernel)
        elif (mine / name).exists() and (mine / name).read_bytes() == (theirs / name).read_bytes():
            same += 1
        else:
            different.append(name)
    if different:
        raise CompareError(f"{mine} and {theirs} differ in: {', '.join(different)}")
    if same == 0:
        raise CompareError(f"bpftool minimized none of the {len(kernels)} kernels")
    return same, refused


def check_same_tree(one, other):
    """Raises unless two folders hold the same names with the same bytes, links followed."""
    for here, there in ((one, other), (other, one)):
        for path in here.rglob("*"):
            twin = there / path.relative_to(here)
            if path.is_file() and path.read_bytes() != twin.read_bytes():
                raise CompareError(f"{path} and {twin} differ")


def run_rounds(arguments, kernels, objects, work):
    """Measures all of them in each of `--rounds` rounds; their numbers by name."""
    floor = work / "floor.sh"
    reading = work / "reading.sh"
    makefile = work / "Makefile"
    mine, theirs = work / "btfbatch", work / "bpftool"
    write_floor(floor, arguments.archive, kernels, arguments.jobs)
    write_reading_floor(reading, arguments.archive, kernels, arguments.jobs)
    write_makefile(makefile, arguments.archive, kernels, objects, theirs, arguments.bpftool)
    jobs = str(arguments.jobs)
    btfbatch = [arguments.btfbatch, "--archive", arguments.archive, "--out", mine, "-j", jobs]
    btfbatch += ["--progress", "never", "--objs", *arguments.objects]
    verify = [arguments.btfbatch, "verify", *btfbatch[1:]]
    proving = [*btfbatch, "--verify"]
    reporting = [*btfbatch, "--fresh", "--html", work / "report.html"]
    reporting += ["--json", work / "report.json"]
    pack = work / "hub.btfpack"
    packing = [arguments.btfbatch, "pack", "--archive", arguments.archive, "--out", pack]
    packing += ["-j", jobs, "--progress", "never"]
    from_pack = [*btfbatch]
    from_pack[from_pack.index("--archive") + 1] = pack
    from_pack[from_pack.index("--out") + 1] = work / "from-pack"
    rounds = {name: [] for name in ("btfbatch", "floor", "make", "no_change", "reading", "verify",
                                    "proving", "reporting", "packing", "from_pack")}
    with open(work / "log", "w", encoding="utf-8") as log:
        measure(["sh", floor], log)  # brings the archive into the page cache
        for index in range(arguments.rounds):
            print(f"round {index + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
            for folder in (mine, theirs, work / "from-pack"):
                shutil.rmtree(folder, ignore_errors=True)
            # 2: some kernels were degraded; the comparison of the bytes tells whether rightly.
            rounds["btfbatch"].append(measure(btfbatch, log, good_codes=(0, 2)))
            rounds["floor"].append(measure(["sh", floor], log))
            rounds["verify"].append(measure(verify, log))
            rounds["proving"].append(measure(proving, log, good_codes=(0, 2)))
            rounds["reporting"].append(measure(reporting, log, good_codes=(0, 2)))
            rounds["packing"].append(measure(packing, log))
            rounds["from_pack"].append(measure(from_pack, log, good_codes=(0, 2)))
            check_same_tree(mine, work / "from-pack")
            rounds["make"].append(measure(["make", "-s", "-j", jobs, "-f", makefile], log))
            for _ in range(SHORT_RUNS_PER_ROUND):
                # The output is that of (a).
                rounds["no_change"].append(measure(btfbatch, log, good_codes=(0, 2)))
                rounds["reading"].append(measure(["sh", reading], log))
    return rounds


def bundle_sizes(arguments, work):
    """The bytes of each form of a bundle, and of what `tar cJ` makes of the whole plain tree."""
    tree, plain = work / "tree", work / "plain.tar.xz"
    files = {form: work / f"bundle.{form}" for form in BUNDLE_FACTORS}
    with open(work / "log", "w", encoding="utf-8") as log:
        command = [arguments.btfbatch, "--archive", arguments.archive, "--out", tree]
        command += ["--layout", "copy", "--progress", "never", "-j", str(arguments.jobs)]
        command += ["--bundle", *files.values(), "--objs", *arguments.objects]
        measure(command, log, good_codes=(0, 2))
        measure(["tar", "--exclude=./btfbatch.json", "-cJf", plain, "-C", tree, "."], log)
    return {"plain": plain.stat().st_size,
            "bundles": {form: file.stat().st_size for form, file in files.items()}}


def report_of(rounds, arguments, kernels, objects, same, refused, archive_bytes, pack_bytes):
    def summed_up(name):
        runs = rounds[name]
        return {
            "wall_median": statistics.median(run["wall"] for run in runs),
            "wall_best": min(run["wall"] for run in runs),
            "cpu_median": statistics.median(run["cpu"] for run in runs),
            "peak_bytes": max(run["peak"] for run in runs),
        }

    btfbatch, floor, make = (summed_up(name) for name in ("btfbatch", "floor", "make"))
    no_change, reading = summed_up("no_change"), summed_up("reading")
    verify, proving = summed_up("verify"), summed_up("proving")
    reporting = summed_up("reporting")
    packing, from_pack = summed_up("packing"), summed_up("from_pack")
    allowed = NO_CHANGE_FACTOR * reading["wall_median"] + NO_CHANGE_EXTRA
    return {
        "kernels": len(kernels),
        "objects": len(objects),
        "jobs": arguments.jobs,
        "rounds": arguments.rounds,
        "btfbatch": btfbatch,
        "floor": floor,
        "make": make,
        "no_change": no_change,
        "reading": reading,
        "verify": verify,
        "proving": proving,
        "reporting": reporting,
        "packing": packing,
        "from_pack": from_pack,
        "archive_bytes": archive_bytes,
        "pack_bytes": pack_bytes,
        "pack_share": pack_bytes / archive_bytes,
        "packing_over_floor": packing["wall_median"] / floor["wall_median"],
        "times_faster_from_pack": btfbatch["wall_median"] / from_pack["wall_median"],
        "times_faster_from_pack_cpu": btfbatch["cpu_median"] / from_pack["cpu_median"],
        "times_faster_from_pack_than_make": make["wall_median"] / from_pack["wall_median"],
        "verify_over_run": verify["wall_median"] / btfbatch["wall_median"],
        "proving_over_run": proving["wall_median"] / btfbatch["wall_median"],
        "reporting_over_run": reporting["wall_median"] / btfbatch["wall_median"],
        "reporting_over_run_cpu": reporting["cpu_median"] / btfbatch["cpu_median"],
        "no_change_over_reading": no_change["wall_median"] / reading["wall_median"],
        "no_change_allowed": allowed,
        "no_change_holds": no_change["wall_median"] <= allowed,
        "wall_over_floor": btfbatch["wall_median"] / floor["wall_median"],
        "wall_over_floor_best": btfbatch["wall_best"] / floor["wall_best"],
        "times_faster_than_make": make["wall_median"] / btfbatch["wall_median"],
        "times_faster_than_make_best": make["wall_best"] / btfbatch["wall_best"],
        "cpu_over_floor": btfbatch["cpu_median"] / floor["cpu_median"] - 1,
        "same_bytes": same,
        "refused_by_bpftool": refused,
    }


def print_table(report):
    print(
        f"{report['kernels']} kernels, {report['objects']} objects, -j{report['jobs']}, "
        f"{report['rounds']} rounds\n"
    )
    print(f"{'':34}{'wall, median':>14}{'wall, best':>14}{'CPU, median':>14}{'peak':>12}")
    rows = {
        "btfbatch": "(a) btfbatch",
        "floor": "(b) the floor: xz -dc | xargs -P",
        "make": "(c) make: tar + bpftool + rm",
        "no_change": "(d) btfbatch, nothing changed",
        "reading": "(e) xxhsum -H2 | xargs -P",
        "verify": "(f) btfbatch verify",
        "proving": "(g) btfbatch --verify",
        "packing": "(h) btfbatch pack",
        "from_pack": "(i) btfbatch from the pack",
        "reporting": "(j) btfbatch --html --json",
    }
    for name, label in rows.items():
        row = report[name]
        print(
            f"{label:34}{row['wall_median']:12.3f} s{row['wall_best']:12.3f} s"
            f"{row['cpu_median']:12.3f} s{row['peak_bytes'] / MIB:8.0f} MiB"
        )
    print(
        f"""
wall time of (a) / (b)            {report['wall_over_floor']:.3f}
  of the best rounds              {report['wall_over_floor_best']:.3f}
wall time of (c) / (a)            {report['times_faster_than_make']:.2f}
  of the best rounds              {report['times_faster_than_make_best']:.2f}
CPU time of (a) beyond (b)        {100 * report['cpu_over_floor']:.1f} % of (b); minimizing is less
peak memory of (a)                {report['btfbatch']['peak_bytes'] / 1e6:.0f} MB
wall time of (d) / (e)            {report['no_change_over_reading']:.2f}
  allowed for (d)                 {1000 * report['no_change_allowed']:.0f} ms: {NO_CHANGE_FACTOR} x (e) \
+ {1000 * NO_CHANGE_EXTRA:.0f} ms: {'holds' if report['no_change_holds'] else 'is exceeded'}
wall time of (f) / (a)            {report['verify_over_run']:.3f}, allowed: {VERIFY_FACTOR}
wall time of (g) / (a)            {report['proving_over_run']:.3f}, allowed: {VERIFY_FACTOR}
wall time of (j) / (a)            {report['reporting_over_run']:.3f}, allowed: {REPORT_FACTOR} \
(CPU time: {report['reporting_over_run_cpu']:.3f})
pack / archive                    {report['pack_bytes']} / {report['archive_bytes']} bytes: \
{100 * report['pack_share']:.2f} %, allowed: {100 * PACK_SHARE:.0f} %
wall time of (h) / (b)            {report['packing_over_floor']:.2f}, allowed: {PACK_FACTOR}
wall time of (a) / (i)            {report['times_faster_from_pack']:.2f}, wanted: {PACK_SPEEDUP} \
(CPU time: {report['times_faster_from_pack_cpu']:.2f})
wall time of (c) / (i)            {report['times_faster_from_pack_than_make']:.2f}, wanted: \
{PACK_SPEEDUP_OVER_MAKE}
peak memory of (h), (i)           {report['packing']['peak_bytes'] / 1e6:.0f} MB, \
{report['from_pack']['peak_bytes'] / 1e6:.0f} MB, allowed: {PACK_MEMORY / 1e6:.0f} MB
(a), (i) and (c) gave the same bytes for {report['same_bytes']} kernels
bpftool refused                   {len(report['refused_by_bpftool'])} kernels
"""
    )
    plain = report["sizes"]["plain"]
    print(f"{'`tar cJ` of the plain tree':34}{plain} bytes")
    for form, size in report["sizes"]["bundles"].items():
        factor = BUNDLE_FACTORS[form]
        bar = "" if factor is None else f", allowed: {factor}"
        print(f"{'--bundle *.' + form:34}{size} bytes, {size / plain:.3f} of it{bar}")
    print()


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--btfbatch", type=pathlib.Path, required=True)
    parser.add_argument("--bpftool", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("archive", type=pathlib.Path)
    parser.add_argument("objects", type=pathlib.Path, nargs="+")
    return parser.parse_args()


def compare(arguments):
    arguments.archive = arguments.archive.resolve()
    kernels = sorted(
        path.relative_to(arguments.archive).as_posix()
        for path in arguments.archive.rglob("*.btf.tar.xz")
    )
    if not kernels:
        raise CompareError(f"{arguments.archive} holds no *.btf.tar.xz")
    cores = sorted(os.sched_getaffinity(0))[: arguments.jobs]
    os.sched_setaffinity(0, cores)  # for all that is started from here
    arguments.work.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="compare-", dir=arguments.work.resolve()))
    objects = extract(arguments.objects, work / "objects")
    rounds = run_rounds(arguments, kernels, objects, work)
    sizes = bundle_sizes(arguments, work)
    same, refused = check_same_bytes(kernels, work / "btfbatch", work / "bpftool")
    archive_bytes = sum((arguments.archive / kernel).stat().st_size for kernel in kernels)
    pack_bytes = (work / "hub.btfpack").stat().st_size
    report = report_of(
        rounds, arguments, kernels, objects, same, refused, archive_bytes, pack_bytes
    )
    report["sizes"] = sizes
    shutil.rmtree(work)
    print_table(report)
    text = json.dumps(report, indent=2)
    print(text)
    if arguments.json:
        arguments.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    try:
        compare(parse_arguments())
    except (CompareError, OSError, ValueError) as problem:
        sys.exit(f"compare: {problem}")
