#!/usr/bin/env python3
"""Each profile in configs/ makes what its project's code finds the right BTF in.

Runs the lines of configs/README.md as they stand there, in a folder that looks like the project's,
over a small archive; then looks every kernel up as the project does (readers.py), and compares with
what `bpftool gen min_core_btf` makes of that kernel.
"""

import os
import pathlib
import shutil
import subprocess

import harness
import readers
from harness import ConfigsTest, os_release, readme_blocks, settings

CENTOS = {"quote_id": True}  # as CentOS writes its os-release; Debian and Ubuntu do not


class EmbeddedProfiles(ConfigsTest):
    """Inspektor Gadget and Tracee, through a Go program that embeds the files."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        test = cls()
        gadgets = test.project("gadgets", "pkg/gadgets/trace/exec/tracer/exec_x86_bpfel.o")
        for arch in ("x86_64", "arm64"):  # configs/README.md shows the first
            test.run_lines(gadgets, readme_blocks("Inspektor Gadget")[0].replace("x86_64", arch))
        tracee = {}
        for machine in ("x86_64", "aarch64"):
            tracee[machine] = test.project(f"tracee-{machine}", "dist/tracee.bpf.o")
            (tracee[machine] / "3rdparty" / "btfhub").mkdir(parents=True)
            (tracee[machine] / "3rdparty" / "btfhub" / "archive").symlink_to(test.archive.path)
            test.run_lines(tracee[machine], readme_blocks("Tracee")[0], machine)

        cls.files = test.embedded("program", btfs=gadgets / "pkg/btfgen/btfs",
                                  dist=tracee["x86_64"] / "dist")
        cls.files_on_arm = {str(path.relative_to(tracee["aarch64"])): path.read_bytes()
                            for path in (tracee["aarch64"] / "dist").rglob("*.btf")}

    def embedded(self, name, **folders):
        """What go:embed takes in of the folders, by path."""
        program = self.folder / name
        program.mkdir()
        for folder, source in folders.items():
            shutil.copytree(source, program / folder, symlinks=True)
        shutil.copy(pathlib.Path(__file__).with_name("embedded.go"), program / "main.go")
        (program / "go.mod").write_text("module embedded\n\ngo 1.19\n")
        done = subprocess.run(
            ["go", "run", "."], cwd=program, capture_output=True, text=True,
            env=os.environ | {"GOPROXY": "off", "GOFLAGS": "-mod=mod", "GO111MODULE": "on",
                              "GOCACHE": str(settings.work / "go-cache")})
        self.assertEqual(done.returncode, 0, done.stderr)
        return {path: bytes.fromhex(content) for path, content in
                (line.split() for line in done.stdout.splitlines())}

    def test_inspektor_gadget_finds_every_kernel(self):
        for distro, version, machine, kernel in [
            ("ubuntu", "20.04", "x86_64", "5.4.0-58-generic"),
            ("ubuntu", "18.04", "x86_64", "5.4.0-58-generic"),
            ("ubuntu", "20.04", "aarch64", "5.4.0-58-generic"),
            ("debian", "10", "aarch64", "4.19.0-13-arm64"),
            ("fedora", "31", "x86_64", "5.3.7-301.fc31.x86_64"),
            ("sles", "12.5", "x86_64", "4.12.14-122.12-default"),
        ]:
            with self.subTest(distro=distro, version=version, machine=machine):
                found = readers.inspektor_gadget(self.files, os_release(distro, version), machine,
                                                 kernel)
                arch = machine.replace("aarch64", "arm64")
                self.assertEqual(found,
                                 self.archive.minimized(f"{distro}/{version}/{arch}/{kernel}"))

    def test_inspektor_gadget_takes_a_quoted_id_as_it_is(self):
        # What configs/README.md says of it.
        host = ("x86_64", "4.18.0-305.el8.x86_64")
        with self.assertRaises(readers.NotFound):
            readers.inspektor_gadget(self.files, os_release("centos", "8", **CENTOS), *host)
        readers.inspektor_gadget(self.files, os_release("centos", "8"), *host)

    def test_tracee_finds_the_kernels_it_supports(self):
        for distro, version, kernel in [("ubuntu", "20.04", "5.4.0-58-generic"),
                                        ("ubuntu", "18.04", "5.4.0-58-generic"),
                                        ("centos", "8", "4.18.0-305.el8.x86_64"),
                                        ("rhel", "8", "4.18.0-305.el8.x86_64"),
                                        ("fedora", "31", "5.3.7-301.fc31.x86_64")]:
            with self.subTest(distro=distro, version=version):
                found = readers.tracee(self.files, os_release(distro, version, **CENTOS), "x86_64",
                                       kernel)
                self.assertEqual(found,
                                 self.archive.minimized(f"{distro}/{version}/x86_64/{kernel}"))

    def test_tracee_leaves_out_what_its_script_does(self):
        for path in harness.KERNELS:
            distro, version, arch, kernel = path.split("/")
            if path in harness.NOT_FOR_TRACEE:
                with self.subTest(path), self.assertRaises(readers.NotFound):
                    readers.tracee(self.files, os_release(distro, version), arch, kernel)

    def test_tracee_embeds_each_kernel_once(self):
        self.assertFalse([path for path in self.files if path.startswith("dist/btfhub/ubuntu/focal")])

    def test_tracee_embeds_kernels_of_one_architecture(self):
        self.assertFalse([path for path in self.files
                          if path.startswith("dist/") and "arm64" in path])
        found = readers.tracee(self.files_on_arm, os_release("ubuntu", "20.04"), "aarch64",
                               "5.4.0-58-generic")
        self.assertEqual(found, self.archive.minimized("ubuntu/20.04/arm64/5.4.0-58-generic"))

    def test_tracee_needs_no_more_of_the_archive(self):
        git = ["git", "-c", "user.name=none", "-c", "user.email=none@localhost"]
        repository = self.folder / "archive.git"
        shutil.copytree(self.archive.path, repository, symlinks=True)
        for command in (["init", "--quiet"], ["config", "uploadpack.allowFilter", "true"],
                        ["add", "."], ["commit", "--quiet", "-m", "archive"]):
            subprocess.run(git + command, cwd=repository, check=True)
        folder = self.project("tracee-sparse", "dist/tracee.bpf.o")
        clone, run = readme_blocks("Tracee")[1], readme_blocks("Tracee")[0]
        self.run_lines(folder, clone)
        there = {str(path.relative_to(folder / "3rdparty/btfhub/archive"))
                 for path in (folder / "3rdparty/btfhub/archive").rglob("*.btf.tar.xz")}
        self.assertNotIn("amzn/2/x86_64/4.14.209-160.335.amzn2.x86_64.btf.tar.xz", there)
        self.assertNotIn("ubuntu/18.04/x86_64/4.15.0-20-generic.btf.tar.xz", there)
        self.assertNotIn("ubuntu/20.04/arm64/5.4.0-58-generic.btf.tar.xz", there)
        self.assertIn("rhel/8/x86_64/4.18.0-305.el8.x86_64.btf.tar.xz", there)
        self.run_lines(folder, run)
        self.assertEqual(
            {f"dist/btfhub/{path.relative_to(folder / 'dist/btfhub')}": path.read_bytes()
             for path in (folder / "dist/btfhub").rglob("*.btf")},
            {path: content for path, content in self.files.items() if path.endswith(".btf")
             and path.startswith("dist/")})


class BundledProfiles(ConfigsTest):
    def test_inspektor_gadgets_image_layer(self):
        folder = self.project("image", "program-arm64.o")
        self.run_lines(folder, readme_blocks("Inspektor Gadget")[1])
        layer = (folder / "btfgen-arm64.tar.gz").read_bytes()
        for distro, version, kernel in [("ubuntu", "20.04", "5.4.0-58-generic"),
                                        ("debian", "10", "4.19.0-13-arm64"),
                                        ("centos", "8", "4.18.0-305.el8.aarch64")]:
            found = readers.inspektor_gadget_image(layer, os_release(distro, version), "aarch64",
                                                   kernel)
            self.assertEqual(found, self.archive.minimized(f"{distro}/{version}/arm64/{kernel}"))
        with self.assertRaises(readers.NotFound):
            readers.inspektor_gadget_image(layer, os_release("debian", "10"), "x86_64",
                                           "4.19.0-13-amd64")

    def test_bcc(self):
        folder = self.project("bcc", ".output/opensnoop.bpf.o")
        (folder / ".output" / "trace_helpers.o").write_bytes(b"\x7fELF, no BPF")
        self.run_lines(folder, readme_blocks("bcc's libbpf-tools")[0])
        bundle = (folder / ".output" / "min_core_btfs.tar.gz").read_bytes()
        for distro, version, kernel in [("amzn", "2", "4.14.209-160.335.amzn2.x86_64"),
                                        ("debian", "10", "4.19.0-13-amd64"),
                                        ("ubuntu", "18.04", "5.4.0-58-generic"),
                                        ("ubuntu", "20.04", "5.4.0-58-generic")]:
            with self.subTest(distro=distro, version=version):
                found = readers.bcc(bundle, os_release(distro, version), "x86_64", kernel)
                self.assertEqual(found,
                                 self.archive.minimized(f"{distro}/{version}/x86_64/{kernel}"))
        # What configs/README.md says of it.
        for wrong in ({"quote_id": True}, {"quote_version": False}):
            with self.assertRaises(readers.NotFound):
                readers.bcc(bundle, os_release("debian", "10", **wrong), "x86_64",
                            "4.19.0-13-amd64")
        # The symbols that its reader declares.
        symbols = subprocess.run(["nm", folder / ".output" / "min_core_btf_tar.o"], check=True,
                                 capture_output=True, text=True).stdout
        for end in ("start", "end"):
            self.assertIn(f"_binary_min_core_btfs_tar_gz_{end}\n", symbols)

    def datadog_collection(self, arch):
        folder = self.project(f"datadog-{arch}", "co-re/tracer.o")
        (folder / "btfhub-archive").symlink_to(self.archive.path)
        self.run_lines(folder, readme_blocks("Datadog's agent")[0].replace("x86_64", arch))
        return (folder / "minimized-btfs.tar.xz").read_bytes()

    def test_datadog(self):
        x86_64 = self.datadog_collection("x86_64")
        for host, path in [
            (("ubuntu", "20.04", "5.4.0-58-generic"), "ubuntu/20.04/x86_64/5.4.0-58-generic"),
            (("ubuntu", "18.04", "5.4.0-58-generic"), "ubuntu/18.04/x86_64/5.4.0-58-generic"),
            (("debian", "10", "4.19.0-13-amd64"), "debian/10/x86_64/4.19.0-13-amd64"),
            (("centos", "8", "4.18.0-305.el8.x86_64"), "centos/8/x86_64/4.18.0-305.el8.x86_64"),
            (("rhel", "8.4", "4.18.0-305.el8.x86_64"), "rhel/8/x86_64/4.18.0-305.el8.x86_64"),
            # A container's os-release: the only one that fits.
            (("debian", "12", "5.3.7-301.fc31.x86_64"), "fedora/31/x86_64/5.3.7-301.fc31.x86_64"),
            # A codename that is a link in the archive must not make a unique kernel ambiguous.
            (("debian", "12", "4.15.0-20-generic"), "ubuntu/18.04/x86_64/4.15.0-20-generic"),
        ]:
            with self.subTest(host=host):
                self.assertEqual(readers.datadog(x86_64, *host), self.archive.minimized(path))
        for host in [("debian", "12", "4.18.0-305.el8.x86_64"),
                     ("debian", "12", "5.4.0-58-generic")]:
            with self.assertRaises(readers.NotFound):
                readers.datadog(x86_64, *host)
        found = readers.datadog(self.datadog_collection("arm64"), "ubuntu", "20.04",
                                "5.4.0-58-generic")
        self.assertEqual(found, self.archive.minimized("ubuntu/20.04/arm64/5.4.0-58-generic"))

    def test_plain(self):
        folder = self.project("plain", "build/probe.bpf.o")
        (folder / "btfhub-archive").symlink_to(self.archive.path)
        self.run_lines(folder, readme_blocks("Any other")[0])
        out = folder / "btfs"
        self.assertFalse([path for path in out.rglob("*") if path.is_symlink()])
        for kernel in harness.KERNELS:
            self.assertEqual((out / f"{kernel}.btf").read_bytes(), self.archive.minimized(kernel))
        for link, target in harness.LINKS.items():
            folders = [out / link, (out / link).with_name(target)]
            names = [sorted(path.relative_to(each) for path in each.rglob("*.btf"))
                     for each in folders]
            self.assertTrue(names[0])
            self.assertEqual(names[0], names[1])


if __name__ == "__main__":
    harness.main(__doc__)
