#!/usr/bin/env python3
"""cilium/ebpf as the judge: relocated against our BTF, every object gets the values that it gets
against the kernel's full BTF. Every second one comes out of what `btfbatch wrap` makes of it.

Builds cilium/relocate.go from Debian's packages alone and lets it compare each pair. Left out, and
named: objects and relocations that this version of cilium/ebpf cannot read; kernels that are not
little-endian as our outputs are, since it relocates only within one byte order; kernels that would
cost it hours; and the few made-up kernels on which its rules are other than libbpf's. Exit codes: 0 passed, 1 not, 77 not run because
Go or the package is missing.
"""

import collections
import json
import os
import pathlib
import shutil
import struct
import subprocess

from judge_inputs import JudgeError, Skip, make_outputs, run_judge
from older_kinds import in_older_kinds, is_little_endian

SOURCE = pathlib.Path(__file__).resolve().parent / "cilium" / "relocate.go"
PACKAGE = "golang-github-cilium-ebpf-dev"
PACKAGE_ROOT = pathlib.Path("/usr/share/gocode")
# Its functions for CO-RE are no stable interface; the source is written for this one, Debian 12's.
SERIES = "0.9."

# For each candidate it copies all that can be reached from it: most of the kernel. Where pahole left
# hundreds of duplicates, which makes the BTF several times larger than others, it does not end.
MAX_BTF_SIZE = 16 << 20

# Kernels of tests/data that are made of nothing but traps for these rules. Minimizing follows
# libbpf's rules, so what cilium/ebpf would take besides is not kept.
OTHER_RULES = {
    "other_kinds.btf": "it takes a type of any kind for a candidate; libbpf only one of the local "
                       "type's kind",
    "twins.btf": "of several candidates it takes the one that answers most relocations; libbpf "
                 "narrows them down one relocation after the other",
}


def build_relocate(work, cache):
    """Builds the Go program, without any module download; its path."""
    go = shutil.which("go")
    if go is None:
        raise Skip("go is not installed (Debian's package golang-go)")
    version = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${Version}", PACKAGE],
        capture_output=True, text=True, check=False,
    ).stdout if shutil.which("dpkg-query") else ""
    if not version:
        raise Skip(f"Debian's package {PACKAGE} is not installed")
    if not version.startswith(SERIES):
        raise Skip(f"{PACKAGE} is {version}; this judge is written for {SERIES}x")
    program = work / "relocate"
    environment = os.environ | {
        "GO111MODULE": "off", "GOPATH": str(PACKAGE_ROOT), "GOCACHE": str(cache.resolve()),
        "GOFLAGS": "", "CGO_ENABLED": "0",
    }
    done = subprocess.run(
        [go, "build", "-o", program, SOURCE], env=environment, capture_output=True, text=True,
        check=False,
    )
    if done.returncode != 0:
        raise JudgeError(f"go build: {done.stderr.strip()}")
    return program


COUNTED = ("programs", "relocations", "resolved", "refused", "unknown")


class Comparison:
    def __init__(self, program, btfbatch, work):
        self.program = program
        self.btfbatch = btfbatch
        self.wrapped = work / "vmlinux"
        self.outputs = 0
        self.kernels = set()
        self.total = collections.Counter()
        self.left_out = set()
        self.different = 0

    def add(self, output):
        full, minimized = (readable(path) for path in (output.full, output.minimized))
        self.outputs += 1
        if self.outputs % 2 == 0:
            # As what it looks for in /boot: it has to get the same from there.
            subprocess.run([self.btfbatch, "wrap", minimized, "-o", self.wrapped], check=True)
            minimized = self.wrapped
        done = subprocess.run(
            [self.program, full, minimized, *output.objects],
            capture_output=True, text=True, check=False,
        )
        if done.returncode != 0:
            raise JudgeError(f"{output.name}: {done.stderr.strip()}")
        report = json.loads(done.stdout)
        if "unreadable" in report:
            self.left_out.add(f"{output.full.name}: {report['unreadable']}")
            return
        self.kernels.add(output.full)
        self.total.update({key: report[key] for key in COUNTED})
        self.left_out.update(report["left_out"])
        self.different += len(report["different"])
        for line in report["different"]:
            print(f"DIFFERENT: {output.name}: {line}")


def readable(path):
    """The file itself, or where it has kinds that cilium/ebpf does not know, one without them."""
    older = path.with_suffix(".older")
    if older.exists():
        return older
    btf = path.read_bytes()
    try:
        rewritten = in_older_kinds(btf)
    except (KeyError, struct.error):
        return path  # malformed: for cilium/ebpf to say
    if rewritten == btf:
        return path
    older.write_bytes(rewritten)
    return older


def judge(arguments, work):
    comparison = Comparison(build_relocate(work, arguments.work / "go-cache"),
                            arguments.btfbatch, work)
    for output in make_outputs(arguments, work):
        kernel = output.full.name
        if not is_little_endian(output.full.read_bytes()):
            comparison.left_out.add(f"{kernel}: big-endian")
        elif output.full.stat().st_size > MAX_BTF_SIZE:
            comparison.left_out.add(f"{kernel}: so many duplicates that it takes hours")
        elif kernel in OTHER_RULES:
            comparison.left_out.add(f"{kernel}: {OTHER_RULES[kernel]}")
        else:
            comparison.add(output)
    for line in sorted(comparison.left_out):
        print(f"left out: {line}")
    total = comparison.total
    print(f"{len(comparison.kernels)} kernels, {total['programs']} programs, {total['relocations']} "
          f"relocations: {total['resolved']} resolved, {total['refused']} refused with the full BTF; "
          f"besides, {total['unknown']} of a kind that cilium/ebpf does not know; "
          f"{comparison.different} different")
    return comparison.different == 0 and total["resolved"] > 0


if __name__ == "__main__":
    run_judge(__doc__, judge)
