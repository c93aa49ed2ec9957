"""What the tests of this folder share: running btfbatch, looking at trees, making archives."""

import argparse
import ctypes
import fcntl
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import btf_writer  # noqa: E402, F401

# A test that itself runs in the background may have had SIGINT ignored, and so would what it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
STAGING = ".btfbatch-staging"
ONE_PAGE = 4096
F_SETPIPE_SZ = 1031
CLONE_NEWNS = 0x00020000

# Set by main() or by whoever parses the arguments.
settings = argparse.Namespace(btfbatch=None, test_data=None, work=None)


def argument_parser(description):
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--btfbatch", type=pathlib.Path, required=True, metavar="EXECUTABLE")
    parser.add_argument("--test-data", type=pathlib.Path, required=True, metavar="DIR",
                        help="what the build made of tests/data")
    parser.add_argument("--work", type=pathlib.Path, required=True, metavar="DIR",
                        help="where a folder for inputs and outputs is made")
    return parser


def take_settings(arguments):
    settings.btfbatch = arguments.btfbatch.resolve()
    settings.test_data = arguments.test_data.resolve()
    settings.work = arguments.work.resolve()
    settings.work.mkdir(parents=True, exist_ok=True)


def main(description):
    """Runs the tests of the calling script. Ends with 77 where every one of them was skipped."""
    arguments, rest = argument_parser(description).parse_known_args()
    take_settings(arguments)
    program = unittest.main(argv=[sys.argv[0], "-v", *rest], exit=False)
    result = program.result
    if result.wasSuccessful() and result.testsRun == len(result.skipped):
        sys.exit(SKIPPED)
    sys.exit(0 if result.wasSuccessful() else 1)


class CrashTest(unittest.TestCase):
    """A test with a folder of its own, which stays where the test fails."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="crash-", dir=settings.work))
        self.archive = self.dir / "archive"
        self.out = self.dir / "out"
        self.addCleanup(self.clean_up)

    def clean_up(self):
        outcome = self._outcome.result
        failed = {test for test, _ in outcome.errors + outcome.failures}
        if self in failed:
            print(f"see {self.dir}", file=sys.stderr)
        else:
            shutil.rmtree(self.dir)

    def command(self, *options, objects=("field_kinds",), archive=None, out=None):
        return command(archive or self.archive, out or self.out, *options, objects=objects)

    def run_to_end(self, *options, **inputs):
        return run(self.command(*options, **inputs))

    def assert_no_litter(self, out=None):
        out = out or self.out
        self.assertFalse((out / STAGING).exists(), f"{STAGING} is left in {out}")


def command(archive, out, *options, objects=("field_kinds",)):
    return [settings.btfbatch, "--archive", archive, "--out", out, "--progress", "never",
            *options, "--objs", *(settings.test_data / f"{name}.bpf.o" for name in objects)]


def run(arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, check=False, **more)


class RunningProgram:
    """A run with -v whose standard error is a pipe of one page.

    Every kernel is a line there, so a run over many kernels cannot come to its end before the test
    reads on. The middle of a run is met without sleeping so: read until a line shows up.
    """

    def __init__(self, test, arguments):
        read_end, write_end = os.pipe()
        fcntl.fcntl(write_end, F_SETPIPE_SZ, ONE_PAGE)
        self._errors = os.fdopen(read_end, encoding="utf-8", errors="replace")
        self.process = subprocess.Popen([*arguments, "-v"], stdout=subprocess.PIPE,
                                        stderr=write_end, text=True)
        os.close(write_end)
        self.err = ""
        test.addCleanup(self._give_up)

    def wait_for(self, text):
        for line in self._errors:
            self.err += line
            if text in line:
                return
        raise AssertionError(f"ended without '{text}' on standard error: {self.err[-2000:]}")

    def finish(self):
        """The exit code. All of standard error is in `err` then, standard output in `out`."""
        self.err += self._errors.read()
        self._errors.close()
        self.out = self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait()

    def _give_up(self):
        if self.process.poll() is None:
            self.process.kill()
            self.finish()


def write_file(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def make_tar(members, compression="xz"):
    """The bytes of a tar of (name, content) pairs; `compression` as tarfile names it, or ""."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=f"w:{compression}") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def many_kernels(archive, count):
    """An archive of so many kernels that a RunningProgram cannot end unread; their paths."""
    content = btf_writer.kernel()
    paths = [f"many/1/x86_64/6.{number:05}-a-long-name-for-a-kernel" for number in range(count)]
    for path in paths:
        write_file(archive / f"{path}.btf", content)
    return paths


def tree_of(folder):
    """What lies in a folder, so that equal trees compare equal: path → link, or bytes and group.

    Paths that share an inode have the same group, which is the first of them.
    """
    tree = {}
    first_of = {}
    for parent, folders, files in os.walk(folder):
        for name in sorted(folders + files):
            path = os.path.join(parent, name)
            relative = os.path.relpath(path, folder)
            if os.path.islink(path):
                tree[relative] = ("link", os.readlink(path))
            elif os.path.isdir(path):
                tree[relative] = ("folder",)
            else:
                inode = os.stat(path).st_ino
                first_of[inode] = min(relative, first_of.get(inode, relative))
                tree[relative] = ("file", pathlib.Path(path).read_bytes(), inode)
    return {path: (*what[:2], first_of[what[2]]) if what[0] == "file" else what
            for path, what in tree.items()}


def difference(tree, expected):
    """The first difference between two trees in words, or ""."""
    for path in sorted(tree.keys() | expected.keys()):
        found, wanted = tree.get(path), expected.get(path)
        if found != wanted:
            return f"{path}: {brief(found)} instead of {brief(wanted)}"
    return ""


def brief(what):
    if what is None:
        return "nothing"
    if what[0] == "file":
        return f"file of {len(what[1])} bytes {what[1][:16].hex()}… like {what[2]}"
    return " ".join(what)


def shown_files(folder):
    """Every file that a reader of the output finds, through links too: path → bytes."""
    shown = {}
    for parent, folders, files in os.walk(folder, followlinks=True):
        if STAGING in folders:
            folders.remove(STAGING)
        for name in files:
            path = os.path.join(parent, name)
            try:
                shown[os.path.relpath(path, folder)] = pathlib.Path(path).read_bytes()
            except FileNotFoundError:
                pass  # a dangling link shows nothing
    return shown


def indexed_kernels(shown):
    """Where index.json leads: kernel path → bytes; None where there is no index."""
    if "index.json" not in shown:
        return None
    index = json.loads(shown["index.json"])
    return {kernel["path"]: shown.get(kernel["blob"]) for kernel in index["kernels"]}


def enter_private_mounts():
    """Gives this process mounts of its own. Returns why it cannot, or ""."""
    if os.geteuid() != 0:
        return "mounting a file system needs root"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        return f"no mounts of its own: {os.strerror(ctypes.get_errno())}"
    done = run(["mount", "--make-rprivate", "/"])
    if done.returncode != 0:
        return f"no mounts of its own: {done.stderr.strip()}"
    return ""
