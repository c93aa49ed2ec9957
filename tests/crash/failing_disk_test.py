#!/usr/bin/env python3
"""Full disks, read-only and vanishing outputs, files that change under our feet.

Each is told in words that name the path; the exit code is that of --help; and the earlier output is
as it was. What needs a file system of its own needs root, and is skipped otherwise.
"""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness
from harness import RunningProgram, btf_writer, difference, many_kernels, tree_of

NOBODY = 65534
MANY = 1500  # kernels; more than a pipe of one page lets pass unread

no_mounts = "not tried"


def setUpModule():
    global no_mounts
    no_mounts = harness.enter_private_mounts()


def different_kernels(archive, count):
    for number in range(count):
        harness.write_file(archive / f"debian/12/x86_64/6.{number}.btf",
                           btf_writer.kernel(age_offset=8 * number))


class FailingDisk(harness.CrashTest):
    def mount_tmpfs(self, size):
        """An own file system under self.out; skips the test where that cannot be had."""
        if no_mounts:
            self.skipTest(no_mounts)
        disk = self.dir / "disk"
        disk.mkdir()
        done = harness.run(["mount", "-t", "tmpfs", "-o", f"size={size},nr_inodes=10000", "tmpfs",
                            disk])
        if done.returncode != 0:
            self.skipTest(f"no file system of its own: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk], check=True)
        self.out = disk / "out"
        return disk

    def expect_failure(self, done, *words):
        self.assertEqual(done.returncode, 3, done.stderr)
        for word in (*words, str(self.out)):
            self.assertIn(word, done.stderr)

    def test_a_full_disk(self):
        self.mount_tmpfs("400k")
        different_kernels(self.archive, 10)
        self.assertEqual(self.run_to_end("-q").returncode, 0)
        before = tree_of(self.out)
        different_kernels(self.archive, 300)  # a page each
        self.expect_failure(self.run_to_end("-q", objects=("field_kinds", "enum_values")),
                            "No space left on device")
        self.assertEqual(difference(tree_of(self.out), before), "")

    def test_every_inode_count(self):
        # The disk fills at each place in turn: staging, blobs, links, journal, manifest, folders.
        disk = self.mount_tmpfs("4m")
        different_kernels(self.archive, 4)
        self.assertEqual(self.run_to_end("-q").returncode, 0)
        different_kernels(self.archive, 8)
        for name in ("one", "other"):
            harness.write_file(self.archive / f"ubuntu/20.04/x86_64/{name}.btf", btf_writer.kernel())
        before = tree_of(self.out)
        used = used_inodes(disk)
        codes = []
        for count in range(used, used + 60):
            subprocess.run(["mount", "-o", f"remount,nr_inodes={count}", disk], check=True)
            done = self.run_to_end("-q")
            codes.append(done.returncode)
            if done.returncode == 0:
                break
            self.expect_failure(done, "No space left on device")
            self.assertEqual(difference(tree_of(self.out), before), "", f"{count} inodes")
        self.assertEqual(codes[-1], 0, "60 inodes more than before must be enough")
        self.assertGreater(len(codes), 10)
        fresh = self.dir / "fresh"
        self.assertEqual(self.run_to_end("-q", out=fresh).returncode, 0)
        self.assertEqual(difference(tree_of(self.out), tree_of(fresh)), "")

    def test_a_read_only_output(self):
        disk = self.mount_tmpfs("4m")
        different_kernels(self.archive, 3)
        for is_new in (True, False):
            if not is_new:
                self.assertEqual(self.run_to_end("-q").returncode, 0)
            before = tree_of(disk)
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            self.expect_failure(self.run_to_end("-q", "--layout", "copy"), "Read-only file system")
            subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
            self.assertEqual(difference(tree_of(disk), before), "")

    def test_a_read_only_output_with_the_staging_of_a_killed_run(self):
        disk = self.mount_tmpfs("4m")
        different_kernels(self.archive, 3)
        harness.write_file(self.out / harness.STAGING / "blobs/0.btf", b"left behind")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        self.expect_failure(self.run_to_end("-q"), "Read-only file system")

    def test_an_output_that_vanishes(self):
        many_kernels(self.archive, MANY)
        different_kernels(self.archive, 400)
        program = RunningProgram(self, self.command("-j1"))
        program.wait_for("6.0.btf:")
        while self.out.exists():  # again where the run has written another file meanwhile
            subprocess.run(["rm", "-rf", self.out], check=False, stderr=subprocess.DEVNULL)
        self.assertEqual(program.finish(), 3)
        self.assertIn("No such file or directory", program.err)
        self.assertIn(str(self.out), program.err)
        self.assertFalse(self.out.exists())

    def test_an_output_that_is_moved_away(self):
        different_kernels(self.archive, 3)
        self.assertEqual(self.run_to_end("-q").returncode, 0)
        before = tree_of(self.out)
        many_kernels(self.archive, MANY)
        program = RunningProgram(self, self.command("-j1"))
        program.wait_for("6.0.btf:")
        moved = self.dir / "moved"
        self.out.rename(moved)
        self.assertEqual(program.finish(), 3)
        self.assertIn(str(self.out), program.err)
        tree = {path: what for path, what in tree_of(moved).items()
                if not path.startswith(harness.STAGING)}
        self.assertEqual(difference(tree, before), "")
        self.assertFalse(self.out.exists())
        moved.rename(self.out)
        self.assertEqual(self.run_to_end("-q").returncode, 0)
        self.assert_no_litter()


def used_inodes(disk):
    status = os.statvfs(disk)
    return status.f_files - status.f_ffree


class ChangingArchive(harness.CrashTest):
    """Between the scan, which lists all kernels, and the reading of the last ones."""

    def run_while(self, change):
        """A run during which change(path of the last kernel) is called."""
        paths = many_kernels(self.archive, MANY)
        last = self.archive / f"{paths[-1]}.btf"
        program = RunningProgram(self, self.command("-j1"))
        program.wait_for(paths[0])
        change(last)
        code = program.finish()
        complaint = [line for line in program.err.splitlines() if line.startswith(
            f"btfbatch: error: {paths[-1]}.btf: ")]
        self.assertEqual(len(complaint), 1, program.err[-2000:])
        self.assertEqual(code, 2)
        self.assert_no_litter()
        self.assertTrue((self.out / f"{paths[-2]}.btf").exists())
        self.assertFalse(os.path.lexists(self.out / f"{paths[-1]}.btf"))
        return complaint[0]

    def test_a_file_that_is_removed(self):
        self.assertIn("cannot be opened: No such file or directory",
                      self.run_while(pathlib.Path.unlink))

    def test_a_file_that_is_truncated(self):
        self.assertIn("string section", self.run_while(lambda path: os.truncate(path, 90)))

    def test_a_file_that_is_emptied(self):
        self.assertIn("empty", self.run_while(lambda path: os.truncate(path, 0)))

    def test_a_file_that_becomes_a_folder(self):
        def change(path):
            path.unlink()
            path.mkdir()
        self.assertIn("is a folder, not a file", self.run_while(change))

    def test_a_file_that_becomes_a_fifo(self):
        def change(path):
            path.unlink()
            os.mkfifo(path)
        self.assertIn("is not a regular file", self.run_while(change))


class UnreadableFiles(unittest.TestCase):
    """Root may read everything, so these run as nobody there."""

    def setUp(self):
        # Where nobody may go.
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="btfbatch-"))
        self.addCleanup(shutil.rmtree, self.dir)
        self.archive = self.dir / "archive"
        different_kernels(self.archive, 3)
        self.btfbatch = self.dir / "btfbatch"
        self.object = self.dir / "field_kinds.bpf.o"
        shutil.copy(harness.settings.btfbatch, self.btfbatch)
        shutil.copy(harness.settings.test_data / "field_kinds.bpf.o", self.object)
        (self.dir / "free").mkdir()
        self.out = self.dir / "free/out"
        self.user = {}
        if os.geteuid() == 0:
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(self.dir / "free", NOBODY, NOBODY)
        self.dir.chmod(0o755)
        self.object.chmod(0o644)

    def run_to_end(self, out=None):
        try:
            return harness.run([self.btfbatch, "--archive", self.archive, "--objs", self.object,
                                "--out", out or self.out, "-q"], **self.user)
        except PermissionError as reason:
            self.skipTest(f"cannot run as another user: {reason}")

    def test_a_kernel(self):
        (self.archive / "debian/12/x86_64/6.1.btf").chmod(0)
        done = self.run_to_end()
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("debian/12/x86_64/6.1.btf: cannot be opened: Permission denied", done.stderr)
        self.assertTrue((self.out / "debian/12/x86_64/6.2.btf").exists())

    def test_a_folder_of_kernels(self):
        harness.write_file(self.archive / "ubuntu/20.04/x86_64/5.4.btf", btf_writer.kernel())
        self.addCleanup((self.archive / "ubuntu").chmod, 0o755)
        (self.archive / "ubuntu").chmod(0)
        done = self.run_to_end()
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("ubuntu: ", done.stderr)
        self.assertIn("Permission denied", done.stderr)

    def test_the_archive(self):
        self.addCleanup(self.archive.chmod, 0o755)
        self.archive.chmod(0)
        done = self.run_to_end()
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(str(self.archive), done.stderr)
        self.assertIn("Permission denied", done.stderr)
        self.assertFalse(self.out.exists())

    def test_an_object(self):
        self.object.chmod(0)
        done = self.run_to_end()
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(str(self.object), done.stderr)
        self.assertIn("Permission denied", done.stderr)

    def test_an_output_of_somebody_else(self):
        if os.geteuid() != 0:
            self.skipTest("a folder of somebody else needs root to be made")
        out = self.dir / "foreign"
        out.mkdir()
        for place in (out, out / "deeper"):
            done = self.run_to_end(place)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(str(place), done.stderr)
            self.assertIn("Permission denied", done.stderr)
            self.assertEqual(list(out.iterdir()), [])


if __name__ == "__main__":
    harness.main(__doc__)
