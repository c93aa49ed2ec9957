"""What the tests of this folder share: a small archive, btfbatch over it, and bpftool's answers."""

import argparse
import io
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
CONFIGS = SOURCE / "configs"
sys.path.insert(0, str(SOURCE / "tests" / "support"))
import btf_writer  # noqa: E402

settings = argparse.Namespace(btfbatch=None, test_data=None, work=None)

# Path in the archive, without its ending. The BTF of each is another.
KERNELS = [
    "amzn/2/x86_64/4.14.209-160.335.amzn2.x86_64",
    "centos/7/x86_64/3.10.0-1160.el7.x86_64",
    "centos/8/arm64/4.18.0-305.el8.aarch64",
    "centos/8/x86_64/4.18.0-305.el8.x86_64",
    "debian/10/arm64/4.19.0-13-arm64",
    "debian/10/x86_64/4.19.0-13-amd64",
    "debian/12/x86_64/6.1.0-" + "9" * 80 + "-amd64",  # a name too long for a tar's header
    "fedora/29/x86_64/5.3.11-100.fc29.x86_64",
    "fedora/29/x86_64/4.20.3-200.fc29.x86_64",
    "fedora/30/x86_64/5.6.13-100.fc30.x86_64",
    "fedora/31/x86_64/5.3.7-301.fc31.x86_64",
    "oracle-linux/ol7/x86_64/4.14.35-1818.3.3.el7uek.x86_64",
    "rhel/8/x86_64/4.18.0-305.el8.x86_64",
    "sles/12.5/x86_64/4.12.14-122.12-default",
    "ubuntu/18.04/x86_64/4.15.0-20-generic",
    "ubuntu/18.04/x86_64/5.4.0-58-generic",
    "ubuntu/20.04/arm64/5.4.0-58-generic",
    "ubuntu/20.04/x86_64/5.4.0-58-generic",
]
# What its script leaves out: kernels before 5.0, but for Red Hat's 4.18.
NOT_FOR_TRACEE = {
    "amzn/2/x86_64/4.14.209-160.335.amzn2.x86_64",
    "centos/7/x86_64/3.10.0-1160.el7.x86_64",
    "debian/10/arm64/4.19.0-13-arm64",
    "debian/10/x86_64/4.19.0-13-amd64",
    "fedora/29/x86_64/4.20.3-200.fc29.x86_64",
    "oracle-linux/ol7/x86_64/4.14.35-1818.3.3.el7uek.x86_64",
    "sles/12.5/x86_64/4.12.14-122.12-default",
    "ubuntu/18.04/x86_64/4.15.0-20-generic",
}
LINKS = {"ubuntu/focal": "20.04", "ubuntu/bionic": "18.04", "debian/buster": "10"}


def os_release(distro, version, quote_id=False, quote_version=True):
    quoted = '"{}"'.format
    return (f"NAME=Some\nID={quoted(distro) if quote_id else distro}\nID_LIKE=other\n"
            f"VERSION_ID={quoted(version) if quote_version else version}\n")


def main(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--btfbatch", type=pathlib.Path, required=True, metavar="EXECUTABLE")
    parser.add_argument("--test-data", type=pathlib.Path, required=True, metavar="DIR",
                        help="what the build made of tests/data")
    parser.add_argument("--work", type=pathlib.Path, required=True, metavar="DIR",
                        help="where folders for inputs and outputs are made")
    arguments, rest = parser.parse_known_args()
    for name, path in vars(arguments).items():
        setattr(settings, name, path.resolve())
    settings.work.mkdir(parents=True, exist_ok=True)
    unittest.main(argv=[sys.argv[0], "-v", *rest])


class Archive:
    """The archive on disk, the objects, and what bpftool makes of both."""

    def __init__(self, folder):
        self.path = folder / "archive"
        self.object = settings.test_data / "field_kinds.bpf.o"
        self._full = {}
        for number, kernel in enumerate(KERNELS):
            btf = btf_writer.kernel(age_offset=16 + 8 * number)
            file = self.path / f"{kernel}.btf.tar.xz"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(tar_xz(f"{pathlib.Path(kernel).name}.btf", btf))
            self._full[kernel] = btf
        for link, target in LINKS.items():
            (self.path / link).symlink_to(target)
        self._folder = folder
        self._minimized = {}

    def minimized(self, kernel):
        """By `bpftool gen min_core_btf`."""
        if kernel not in self._minimized:
            full, small = self._folder / "full.btf", self._folder / "small.btf"
            full.write_bytes(self._full[kernel])
            subprocess.run(["bpftool", "gen", "min_core_btf", full, small, self.object],
                           check=True, env=os.environ | {"PATH": os.environ["PATH"] + ":/usr/sbin"})
            self._minimized[kernel] = small.read_bytes()
        return self._minimized[kernel]


def tar_xz(name, content):
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return lzma.compress(raw.getvalue(), preset=0)


def readme_blocks(heading):
    """The blocks of code below a headline of configs/README.md."""
    text = (CONFIGS / "README.md").read_text()
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line[4:] if line.startswith("    ") else "" for line in section.splitlines()]
    return [block for block in re.split(r"\n\n+", "\n".join(lines).strip("\n")) if block]


class ConfigsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="configs-", dir=settings.work))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.archive = Archive(cls.folder)

    def project(self, name, *objects):
        """A folder with a project's objects in it, from which configs/ is seen as in ours."""
        folder = self.folder / name
        for path in objects:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.archive.object, folder / path)
        folder.mkdir(exist_ok=True)
        (folder / "configs").symlink_to(CONFIGS)
        return folder

    def run_lines(self, folder, lines, machine="x86_64"):
        """Runs lines of configs/README.md as they are, on a machine that `uname -m` calls so."""
        tools = self.folder / f"tools-{machine}"
        if not tools.exists():
            tools.mkdir()
            (tools / "btfbatch").symlink_to(settings.btfbatch)
            (tools / "uname").write_text(f"#!/bin/sh\necho {machine}\n")
            (tools / "uname").chmod(0o755)
        environment = os.environ | {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "BTFHUB_ARCHIVE": str(self.archive.path),
            "BTFHUB_ARCHIVE_URL": f"file://{self.folder / 'archive.git'}",
        }
        done = subprocess.run(["bash", "-euc", lines], cwd=folder, env=environment,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, f"{lines}\n{done.stdout}{done.stderr}")
