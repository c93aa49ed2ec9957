"""docs/json.md names every field that comes out, in the section of the command that writes it."""

import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

OPTIONS = None
DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "json.md"


def sections():
    """Text by title, of what stands under a title of the second level."""
    parts = re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]
    return dict(part.split("\n", 1) for part in parts)


def fields(value, place=""):
    """All keys within a JSON value, with where they stand."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, f"{place}.{key}"
            yield from fields(inner, f"{place}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from fields(inner, f"{place}[]")


class JsonDocument(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = pathlib.Path(cls.folder.name)
        cls.archive = cls.dir / "archive"
        data = pathlib.Path(OPTIONS.test_data)
        for path, kernel in (("debian/11/x86_64/5.10.0-1-amd64", "reference"),
                             ("debian/12/x86_64/6.1.0-1-amd64", "empty"),
                             ("debian/12/x86_64/6.1.0-2-amd64", "twins")):
            (cls.archive / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(data / f"{kernel}.btf", cls.archive / f"{path}.btf")
        (cls.archive / "debian/13").symlink_to("12")
        (cls.archive / "README").write_text("no kernel")
        (cls.archive / "debian/12/x86_64/6.1.0-3-amd64.btf").write_text("damaged")
        cls.objects = [str(data / f"{name}.bpf.o")
                       for name in ("guards", "externs", "ambiguous_field", "joined", "known_breaks")]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def run_btfbatch(self, *arguments, status=(0, 2)):
        done = subprocess.run([OPTIONS.btfbatch, *map(str, arguments)], cwd=self.dir,
                              capture_output=True, text=True, check=False)
        self.assertIn(done.returncode, status, done.stderr)
        return done

    def job(self, *more):
        return ["--archive", self.archive, "--objs", *self.objects, *more]

    def check(self, title, *values):
        text = next(text for name, text in sections().items() if title in name)
        if "what-every-relocation-came-to" in text:
            text += next(text for name, text in sections().items() if "report --json" in name)
        named = set(re.findall(r"`([a-z_]+)(?:\[\])?`", text))
        there = [field for value in values for field in fields(value)]
        self.assertTrue(there)
        missing = sorted({place for key, place in there if key not in named})
        self.assertEqual(missing, [], f"not in {DOCUMENT.name}, {title}")

    def load(self, *paths):
        return [json.loads((self.dir / path).read_text()) for path in paths]

    def test_manifest(self):
        self.run_btfbatch(*self.job("--out", "plain"))
        self.run_btfbatch(*self.job("--out", "indexed", "--layout", "indexed"))
        self.check("The manifest", *self.load("plain/btfbatch.json", "indexed/btfbatch.json",
                                              "indexed/index.json"))

    def test_report(self):
        self.run_btfbatch("report", *self.job("--json", "report.json"))
        report, = self.load("report.json")
        self.assertTrue(report["broken"], "breaks nothing, and so shows too little")
        self.check("report --json", report)

    def test_inspect(self):
        self.check("inspect", json.loads(self.run_btfbatch("inspect", "--json", *self.objects).stdout))

    def test_diff(self):
        self.run_btfbatch(*self.job("--out", "new"))
        for name, more in (("fewer_kernels", ["--exclude", "*/6.1.*"]), ("other_kernels", [])):
            self.run_btfbatch(*self.job("--out", name, *more))
        other, = self.load("other_kernels/btfbatch.json")
        kernel = self.archive / "debian/12/x86_64/6.1.0-1-amd64.btf"
        kept = kernel.read_bytes()
        self.addCleanup(kernel.write_bytes, kept)
        shutil.copy(self.archive / "debian/11/x86_64/5.10.0-1-amd64.btf", kernel)
        self.run_btfbatch(*self.job("--out", "changed"))
        self.assertTrue(other["answers"])
        found = [json.loads(self.run_btfbatch("diff", f"{a}/btfbatch.json", f"{b}/btfbatch.json",
                                              "--json").stdout)
                 for a, b in (("fewer_kernels", "new"), ("new", "changed"), ("changed", "new"))]
        self.assertTrue(any(diff["newly_broken"] for diff in found))
        self.assertTrue(any(diff["changed"] for diff in found))
        self.check("diff --json", *found)

    def test_pack(self):
        self.run_btfbatch("pack", "--archive", self.archive, "--out", "p.btfpack")
        self.check("pack --list", *(
            json.loads(self.run_btfbatch("pack", f"--{show}", "p.btfpack", "--json").stdout)
            for show in ("list", "stats", "check")))

    def test_log(self):
        lines = []
        for arguments in (self.job("--out", "log", "--verbose", "--fail-on", "broken", "--bundle",
                                   "b.btfs"),
                          ["verify", *self.job("--out", "log")],
                          ["report", *self.job()],
                          ["pack", "--archive", self.archive, "--out", "l.btfpack"],
                          ["unpack", "--archive", self.archive, "--out", "unpacked"]):
            done = self.run_btfbatch(*arguments, "--log-format", "json")
            lines += [json.loads(line) for line in done.stderr.splitlines()]
        self.assertTrue(any("state" in line for line in lines))
        self.check("--log-format json", *lines)


def main():
    global OPTIONS
    parser = argparse.ArgumentParser()
    parser.add_argument("--btfbatch", required=True)
    parser.add_argument("--test-data", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])


if __name__ == "__main__":
    main()
