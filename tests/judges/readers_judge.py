#!/usr/bin/env python3
"""pahole and `bpftool btf dump` as judges: they must read every output without complaint, and from
what `btfbatch wrap` makes of it the same.

Without complaint: exit code 0 and not a word on standard error, except what pahole says of the
kernel's full BTF too (it does not know every kind). And each of them must show every struct and
union that bpftool's raw listing names. Exit codes: 0 passed, 1 not, 77 not run because a reader is
missing.
"""

import os
import re
import shutil
import subprocess

from judge_inputs import Skip, make_outputs, run_judge

RAW_TYPE = re.compile(r"^\[\d+\] ", re.MULTILINE)
RAW_STRUCT = re.compile(r"^\[\d+\] (STRUCT|UNION) '([^'(]+)'", re.MULTILINE)
LONG = re.compile(r"^\[\d+\] INT '(?![^']*long[^']*long)[^']*\blong\b", re.MULTILINE)
PAHOLE_OPTIONS = ["--format_path=btf"]


def find_program(name, package):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None:
        raise Skip(f"{name} is not installed (Debian's package {package})")
    return path


class Readers:
    def __init__(self, btfbatch, work):
        self.btfbatch = btfbatch
        self.wrapped = work / "vmlinux"
        self.bpftool = find_program("bpftool", "bpftool")
        self.pahole = find_program("pahole", "pahole")
        self.types = 0  # that bpftool has listed
        self.structs = 0  # that all three have shown

    def problems_of(self, output):
        """What the readers complain about in one file."""
        btf = output.minimized
        raw, problems = read(self.bpftool, "btf", "dump", "file", btf, "format", "raw")
        as_c, more = read(self.bpftool, "btf", "dump", "file", btf, "format", "c")
        problems += more
        layout, more = read(self.pahole, *PAHOLE_OPTIONS, btf)
        if more:
            _, about_full = read(self.pahole, *PAHOLE_OPTIONS, output.full)
            known = {without_type_id(line) for line in about_full}
            problems += [line for line in more if without_type_id(line) not in known]
        problems += self.problems_of_wrapped(btf, raw, layout)
        self.types += len(RAW_TYPE.findall(raw))
        for kind, name in sorted(set(RAW_STRUCT.findall(raw))):
            self.structs += 1
            definition = re.compile(rf"^{kind.lower()} {re.escape(name)} {{", re.MULTILINE)
            for reader, text in (("bpftool, format c,", as_c), ("pahole", layout)):
                if not definition.search(text):
                    problems.append(f"{reader} does not show {kind.lower()} {name}")
        return problems

    def problems_of_wrapped(self, btf, raw, layout):
        """Where they read something else from an ELF file around the BTF."""
        _, problems = read(self.btfbatch, "wrap", btf, "-o", self.wrapped)
        raw_again, more = read(self.bpftool, "btf", "dump", "file", self.wrapped, "format", "raw")
        layout_again, _ = read(self.pahole, *PAHOLE_OPTIONS, self.wrapped)
        problems += more
        if raw_again != raw:
            problems.append("bpftool reads something else once it is wrapped")
        # Of a BTF without `long`, only the ELF file tells the size of pointers.
        if layout_again != layout and LONG.search(raw):
            problems.append("pahole reads something else once it is wrapped")
        return problems


def read(*command):
    """What the reader prints, and a list of its complaints."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    complaints = [f"{command[0]} says: {line}" for line in done.stderr.splitlines()]
    if done.returncode != 0:
        complaints.append(f"{command[0]} ends with exit code {done.returncode}")
    return done.stdout, complaints


def without_type_id(complaint):
    return re.sub(r"\bidx: \d+", "idx: N", complaint)


def judge(arguments, work):
    readers = Readers(arguments.btfbatch, work)
    outputs = make_outputs(arguments, work)
    seen = set()
    problems = 0
    for output in outputs:
        content = output.minimized.read_bytes()
        if content in seen:
            continue
        seen.add(content)
        for problem in readers.problems_of(output):
            problems += 1
            print(f"COMPLAINT: {output.name}: {problem}")
    print(f"{len(outputs)} outputs of {len(seen)} different contents, {readers.types} types, "
          f"{readers.structs} named structs and unions read; {problems} complaints")
    return problems == 0 and readers.structs > 0


if __name__ == "__main__":
    run_judge(__doc__, judge)
