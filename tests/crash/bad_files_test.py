#!/usr/bin/env python3
"""Every file of tests/data/bad is told in its own clear words, and costs nothing but itself."""

import json
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import harness

GENERATOR = Path(__file__).resolve().parent.parent / "data" / "bad" / "make_bad.py"
FOLDER = "bad/1/x86_64"  # of the broken kernels in the archive
GOOD = "debian/12/x86_64/6.1.0-1-amd64.btf"


class BadFiles(harness.CrashTest):
    def setUp(self):
        super().setUp()
        self.bad = self.dir / "bad"
        subprocess.run([sys.executable, "-B", GENERATOR, self.bad], check=True)
        self.table = json.loads((self.bad / "expected.json").read_text())

    def rows(self, kind):
        rows = [row for row in self.table if row["file"].startswith(f"{kind}/")]
        self.assertNotEqual(rows, [])
        return [(row, self.bad / row["file"]) for row in rows]

    def run_on(self, archive, objects=None, out=None):
        return harness.run([
            harness.settings.btfbatch, "--archive", archive, "--out", out or self.out, "--progress",
            "never", "--max-btf-size", "1MiB", "--objs", objects or self.bad / "objects/good.bpf.o",
        ])

    def check_words(self, said):
        """`said`: row of the table → message."""
        seen = {}
        for row, message in said:
            with self.subTest(file=row["file"]):
                self.assertRegex(message, f"^(?:{row['message']})$")
                other = seen.setdefault(message, row)
                if other is not row:
                    self.assertTrue(row["like"] and row["like"] == other["like"],
                                    f"told in the words of {other['file']}: {message}")

    def test_kernels_beside_a_good_one(self):
        harness.write_file(self.archive / GOOD, harness.btf_writer.kernel())
        for _, path in self.rows("kernels"):
            harness.write_file(self.archive / FOLDER / path.name, path.read_bytes())
        done = self.run_on(self.archive)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertTrue((self.out / GOOD).read_bytes())
        self.assertFalse(Path("/tmp/btfbatch-must-not-write-this").exists())
        self.assertEqual(list(self.dir.rglob("btfbatch-must-not-write-this*")), [])

        manifest = json.loads((self.out / "btfbatch.json").read_text())
        kernels = {kernel["archive_path"]: kernel for kernel in manifest["kernels"]}
        said = []
        for row, path in self.rows("kernels"):
            kernel = kernels[f"{FOLDER}/{path.name}"]
            if row["message"] is None:
                self.assertEqual(kernel["outcome"], "minimized", row["file"])
                self.assertTrue((self.out / kernel["path"]).read_bytes())
                continue
            with self.subTest(file=row["file"]):
                is_degraded = row["exit_code"] == 2
                self.assertEqual(kernel["outcome"], "degraded" if is_degraded else "failed")
                self.assertEqual("path" in kernel, is_degraded)
                told = done.stdout if is_degraded else done.stderr
                self.assertIn(f"{FOLDER}/{path.name}: {kernel['reasons'][0]}\n", told)
            said.append((row, "; ".join(kernel["reasons"])))
        self.check_words(said)

    def test_each_kernel_alone(self):
        for number, (row, path) in enumerate(self.rows("kernels")):
            with self.subTest(file=row["file"]):
                out = self.dir / f"alone-{number}"
                done = self.run_on(path, out=out)
                self.assertEqual(done.returncode, row["exit_code"], done.stderr)
                self.assertEqual(out.exists(), row["exit_code"] != 3)

    def test_trees(self):
        for number, (row, path) in enumerate(self.rows("trees")):
            with self.subTest(file=row["file"]):
                done = self.run_on(path, out=self.dir / f"tree-{number}")
                self.assertEqual(done.returncode, row["exit_code"], done.stderr)
                self.assertRegex(done.stderr, row["message"])

    def test_objects(self):
        harness.write_file(self.archive / GOOD, harness.btf_writer.kernel())
        said = []
        for row, path in self.rows("objects"):
            done = self.run_on(self.archive, path)
            with self.subTest(file=row["file"]):
                self.assertEqual(done.returncode, row["exit_code"], done.stderr)
                if row["message"] is None:
                    shutil.rmtree(self.out)
                    continue
                self.assertFalse(self.out.exists())
                begin = f"btfbatch: error: {path}: "
                self.assertEqual(done.stderr[:len(begin)], begin)
                said.append((row, done.stderr[len(begin):].rstrip("\n")))
        self.check_words(said)


if __name__ == "__main__":
    harness.main(__doc__)
