#!/usr/bin/env python3
"""Two runs into one --out at once: the second refuses, and the first is not disturbed."""

import signal
import subprocess

import harness
from harness import RunningProgram, btf_writer, difference, many_kernels, tree_of

MANY = 1500  # kernels; more than a pipe of one page lets pass unread
REFUSAL = "another btfbatch is just using it"


class Lock(harness.CrashTest):
    def setUp(self):
        super().setUp()
        self.first_kernel = many_kernels(self.archive, MANY)[0]
        self.other = self.dir / "other"
        for number in range(5):
            harness.write_file(self.other / f"debian/12/x86_64/6.{number}.btf",
                               btf_writer.kernel(age_offset=8 * number))

    def fresh(self, archive, *options):
        out = self.dir / f"fresh-{archive.name}"
        done = self.run_to_end("-q", *options, archive=archive, out=out)
        self.assertEqual(done.returncode, 0, done.stderr)
        return tree_of(out)

    def begin(self):
        """A run that is in its middle, and goes on only when it is read."""
        program = RunningProgram(self, self.command())
        program.wait_for(self.first_kernel)
        return program

    def test_the_second_refuses(self):
        first = self.begin()
        link = self.dir / "another-name"
        link.symlink_to("out")
        for out in (self.out, link):
            for options in ((), ("--layout", "indexed")):
                second = self.run_to_end(*options, archive=self.other, out=out)
                self.assertEqual(second.returncode, 3)
                self.assertEqual(second.stderr, f"btfbatch: error: --out {out}: {REFUSAL}\n")
                self.assertEqual(second.stdout, "")
        self.assertEqual(first.finish(), 0)
        self.assertEqual(difference(tree_of(self.out), self.fresh(self.archive)), "")

    def test_others_are_not_in_the_way(self):
        first = self.begin()
        self.assertEqual(self.run_to_end("-q", out=self.dir / "elsewhere").returncode, 0)
        self.assertEqual(first.finish(), 0)

    def test_after_a_kill_the_lock_is_free(self):
        first = self.begin()
        first.process.send_signal(signal.SIGKILL)
        self.assertEqual(first.finish(), -signal.SIGKILL)
        second = self.run_to_end("-q", archive=self.other)
        self.assertEqual(second.returncode, 0, second.stderr)
        self.assertEqual(difference(tree_of(self.out), self.fresh(self.other)), "")

    def test_of_many_at_once_each_is_whole_or_refused(self):
        fresh = [self.fresh(self.archive), self.fresh(self.other)]
        refused = 0
        for _ in range(5):
            processes = [subprocess.Popen(self.command("-q", archive=archive),
                                          stderr=subprocess.PIPE, text=True)
                         for archive in (self.archive, self.other) * 2]
            for process in processes:
                err = process.communicate()[1]
                if process.returncode != 0:
                    self.assertEqual(process.returncode, 3, err)
                    self.assertIn(REFUSAL, err)
                    refused += 1
            self.assertIn("", [difference(tree_of(self.out), tree) for tree in fresh])
        self.assertLess(refused, 20)


if __name__ == "__main__":
    harness.main(__doc__)
