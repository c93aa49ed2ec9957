#!/usr/bin/env python3
"""SIGINT and SIGTERM: how soon a run ends, what it says, and what it leaves behind.

A second is what it may take; what it took is printed, since a machine for tests can be busy.
"""

import lzma
import random
import signal
import subprocess
import time

import harness
from harness import btf_writer, difference, tree_of

# Seconds: a guard against hanging alone.
LONGEST = 30.0
SIGNALS = {signal.SIGINT: (130, "SIGINT"), signal.SIGTERM: (143, "SIGTERM")}


def slow_kernel(mebibytes):
    """An .xz that takes long to expand for its size: BTF with names by chance."""
    letters = random.Random(1)
    btf = btf_writer.Btf()
    integer = btf.integer()
    btf.composite("person", 24, [("age", integer, 16)])
    content = btf.bytes(strings=btf.strings + b"".join(
        letters.randbytes(15).hex().encode() + b"\0" for _ in range(mebibytes * (1 << 20) // 31)))
    return lzma.compress(content, preset=0)


class Stop(harness.CrashTest):
    def setUp(self):
        super().setUp()
        harness.write_file(self.archive / "debian/12/x86_64/6.1.btf", btf_writer.kernel())
        self.assertEqual(self.run_to_end("-q").returncode, 0)
        self.before = tree_of(self.out)

    def stop_after(self, delay, number, *options, wait_for=""):
        """Seconds until the run has ended after the signal, which is sent `delay` seconds after
        a path in staging has shown up."""
        process = subprocess.Popen(self.command(*options), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        path = self.out / harness.STAGING / wait_for
        while not path.exists():  # when staging is there, signals are caught
            self.assertIsNone(process.poll())
            time.sleep(0.001)
        time.sleep(delay)
        self.assertIsNone(process.poll(), "the run has ended too early to be stopped")
        begin = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate()
        seconds = time.monotonic() - begin
        code, name = SIGNALS[number]
        self.assertEqual(process.returncode, code, err)
        self.assertRegex(err, rf"btfbatch: error: stopped by {name} after \d+( of \d+)? kernels; "
                         rf"'{self.out}' is left as it was\n$")
        self.assertEqual(out, "")
        self.assertEqual(difference(tree_of(self.out), self.before), "")
        self.assertLess(seconds, LONGEST)
        return seconds

    def test_many_kernels(self):
        content = slow_kernel(2)
        for place in range(80):
            harness.write_file(self.archive / f"debian/12/x86_64/7.{place}.btf.xz", content)
        dice = random.Random(2)
        seconds = [self.stop_after(dice.random() * 0.4, number, options)
                   for number in SIGNALS for options in ("-j1", "-j2", "-j8")]
        self.tell(seconds)

    def test_while_files_are_made_ready(self):
        for number in range(3000):
            harness.write_file(self.archive / f"debian/12/x86_64/7.{number}.btf",
                               btf_writer.kernel(age_offset=8 * number))
        self.tell([self.stop_after(0, number, wait_for="placing/0") for number in SIGNALS])

    def test_one_large_kernel(self):
        harness.write_file(self.archive / "debian/12/x86_64/7.0.btf.xz", slow_kernel(48))
        self.tell([self.stop_after(delay, number)
                   for number in SIGNALS for delay in (0.0, 0.05, 0.2)])

    def test_one_tar_of_the_whole_archive(self):
        content = slow_kernel(2)
        self.archive = self.dir / "archive.tar"
        self.archive.write_bytes(harness.make_tar(
            [(f"debian/12/x86_64/7.{place}.btf.xz", content) for place in range(60)], ""))
        self.tell([self.stop_after(0.1, number) for number in SIGNALS])

    def tell(self, seconds):
        print(f"ended after {min(seconds) * 1e3:.0f} to {max(seconds) * 1e3:.0f} ms; ", end="",
              flush=True)


if __name__ == "__main__":
    harness.main(__doc__)
