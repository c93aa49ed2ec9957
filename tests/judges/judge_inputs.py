"""What the judges of this folder judge: kernels, minimized by btfbatch for sets of objects.

Kernels: the small ones of tests/data, that of the running machine where it shows its BTF, and those
of the test archive where there is one. Objects: those of Debian's libbpf-tools, all together, for
every kernel; and each object of tests/data alone, for the kernels of tests/data.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(REPOSITORY / "scripts"))
from compare_with_bpftool import (  # noqa: E402
    SKIPPED, Skip, extract, find_archive, find_objects, unpack_kernels,
)

RUNNING_KERNEL = pathlib.Path("/sys/kernel/btf/vmlinux")


class JudgeError(Exception):
    """Why the judge could not come to a judgement, which is a failure too."""


@dataclass
class Output:
    """One kernel, minimized for one set of objects."""

    name: str  # for messages: "archive/debian/12/…/6.1.0-9-amd64.btf for libbpf-tools"
    full: pathlib.Path
    minimized: pathlib.Path
    objects: list


def run_judge(description, judge):
    """Gives judge(arguments, work folder) all it needs; exits with what it returns.

    True: passed. What the judge worked on stays where it did not pass.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--btfbatch", type=pathlib.Path, required=True, metavar="EXECUTABLE")
    parser.add_argument("--test-data", type=pathlib.Path, required=True, metavar="DIR",
                        help="what the build made of tests/data")
    parser.add_argument("--archive", type=pathlib.Path, metavar="DIR",
                        help="default: $BTFBATCH_TEST_ARCHIVE, or build/test-archive, which "
                        "scripts/test.sh makes")
    parser.add_argument("--work", type=pathlib.Path, required=True, metavar="DIR",
                        help="where a folder for inputs and outputs is made")
    arguments = parser.parse_args()
    arguments.btfbatch = arguments.btfbatch.resolve()
    arguments.work.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="judge-", dir=arguments.work))
    code = 1
    try:
        code = 0 if judge(arguments, work) else 1
    except Skip as reason:
        print(f"skipped: {reason}")
        code = SKIPPED
    except JudgeError as error:
        print(f"error: {error}")
    if code == 1:
        print(f"see {work}")
    else:
        shutil.rmtree(work)
    sys.exit(code)


def make_outputs(arguments, work):
    """Stages all kernels as raw BTF and minimizes them; the list of all outputs."""
    kernels = work / "kernels"
    small = kernels / "test-data"
    small.mkdir(parents=True)
    for kernel in arguments.test_data.glob("*.btf"):
        shutil.copyfile(kernel, small / kernel.name)
    if RUNNING_KERNEL.exists():
        (kernels / "running").mkdir()
        shutil.copyfile(RUNNING_KERNEL, kernels / "running" / "vmlinux.btf")
    try:
        unpack_kernels(find_archive(arguments.archive), kernels / "archive", None)
    except Skip as reason:
        print(f"without an archive: {reason}")

    outputs = []
    try:
        objects = extract(find_objects([]), work / "objects")
        outputs += minimize(arguments.btfbatch, kernels, objects, work / "libbpf-tools")
    except Skip as reason:
        print(f"without real objects: {reason}")
    for item in sorted(arguments.test_data.glob("*.bpf.o")):
        if ".nodebug." not in item.name:  # without BTF, so no input
            outputs += minimize(arguments.btfbatch, small, [item], work / item.name)
    return outputs


def minimize(btfbatch, kernels, objects, out):
    """Runs btfbatch over a folder of raw BTF; one Output for each kernel."""
    done = subprocess.run(
        [btfbatch, "--archive", kernels, "--out", out, "--layout", "copy", "--quiet",
         "--progress", "never", "--objs", *objects],
        capture_output=True, text=True, check=False,
    )
    if done.returncode not in (0, 2):  # 2: relocations that are ambiguous, as tests/data wants it
        raise JudgeError(f"btfbatch exits with {done.returncode}: {done.stderr.strip()}")
    outputs = []
    for full in sorted(kernels.rglob("*.btf")):
        path = full.relative_to(kernels)
        if not (out / path).is_file():
            raise JudgeError(f"btfbatch wrote nothing for {path}: {done.stderr.strip()}")
        outputs.append(Output(f"{path} for {out.name}", full, out / path, objects))
    return outputs
