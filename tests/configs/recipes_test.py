#!/usr/bin/env python3
"""The lines of the CI and container files that make a bundle do so: on an archive that also has a
broken kernel, two nights in a row, with nothing but the cache kept in between.

What comes before them (packages, building btfbatch, cloning) is left out: a test does not install.
"""

import json
import os
import shutil
import subprocess

import harness
from harness import ConfigsTest, settings
from recipes import CONTAINERFILE, GITHUB, GITLAB, shell_parts


class Recipes(ConfigsTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Such placeholders are in real archives.
        (cls.archive.path / "debian/10/x86_64/4.19.0-99-amd64.btf.tar.xz").write_bytes(b"")
        tools = cls.folder / "tools"
        tools.mkdir()
        (tools / "btfbatch").symlink_to(settings.btfbatch)

    def night(self, folder, script, *kept):
        """Runs the script in the folder, of which only what is in `kept` is from the night before."""
        for path in list(folder.iterdir()) if folder.exists() else []:
            if path.name not in kept:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        (folder / "build").mkdir(parents=True)
        shutil.copy(self.archive.object, folder / "build" / "probe.bpf.o")
        (folder / "btfhub-archive").symlink_to(self.archive.path)
        environment = os.environ | {"PATH": f"{self.folder / 'tools'}:{os.environ['PATH']}"}
        done = subprocess.run(["sh", "-euc", script], cwd=folder, env=environment,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, script + done.stdout + done.stderr)

    def find(self, bundle, kernel):
        """The BTF that `btfbatch find` gets out of the bundle for a kernel of Debian 10."""
        return subprocess.run([settings.btfbatch, "find", "--from", bundle, "--os-release",
                               "/dev/null", "--kernel", kernel, "--arch", "x86_64", "-o", "-"],
                              check=True, capture_output=True).stdout

    def test_nightly_jobs(self):
        wanted = self.archive.minimized("debian/10/x86_64/4.19.0-13-amd64")
        for file in (GITHUB, GITLAB):
            with self.subTest(file.name):
                script, = [script for where, script in shell_parts()
                           if where.startswith(file.name) and "--cache" in script]
                script = script.removeprefix("make\n")
                folder = self.folder / file.stem
                self.night(folder, script)
                first = (folder / "btfs.tar.xz").read_bytes()
                cache = sorted(path.name for path in (folder / "btf-cache").iterdir())
                self.assertEqual(len(cache), len(harness.KERNELS))
                # Older than what the job deletes, but in use.
                for path in (folder / "btf-cache").iterdir():
                    os.utime(path, (0, 0))
                (folder / "btf-cache" / "long-unused").touch()
                os.utime(folder / "btf-cache" / "long-unused", (0, 0))
                self.night(folder, script, "btf-cache")
                self.assertEqual((folder / "btfs.tar.xz").read_bytes(), first)
                self.assertEqual(sorted(path.name for path in (folder / "btf-cache").iterdir()),
                                 cache)
                self.assertEqual(self.find(folder / "btfs.tar.xz", "4.19.0-13-amd64"), wanted)
                manifest = json.loads((folder / "btfs" / "btfbatch.json").read_text())
                self.assertEqual(manifest["totals"]["failed"], 1)

    def test_container_build(self):
        script, = [script for where, script in shell_parts()
                   if where == CONTAINERFILE.name and "btfbatch --archive" in script]
        folder = self.folder / "container"
        for path, ours in (("/btfhub-archive", "btfhub-archive"), ("/objs/", "build/"),
                           ("/cache", "cache"), ("/btfs.btfs", "btfs.btfs")):
            self.assertIn(f" {path}", script)
            script = script.replace(f" {path}", f" {ours}")
        self.night(folder, script)
        self.assertEqual(self.find(folder / "btfs.btfs", "4.19.0-13-amd64"),
                         self.archive.minimized("debian/10/x86_64/4.19.0-13-amd64"))


if __name__ == "__main__":
    harness.main(__doc__)
