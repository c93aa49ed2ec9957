#!/usr/bin/env python3
"""Builds an archive of kernel BTF, in BTFHub's layout, from Debian's own kernel packages.

Kernel versions come and go, so their names are asked from the package index at run time. apt does
the asking and the downloading, in a private root for each suite and architecture: it verifies
signatures and hashes, and the host's own package lists stay as they are. The mirror is the one that
the host's apt uses, unless BTFBATCH_DEBIAN_MIRROR (and BTFBATCH_DEBIAN_SECURITY_MIRROR) name one.
"""

import argparse
import concurrent.futures
import fnmatch
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
from dataclasses import dataclass

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
from kernel_image import ImageError, btf_of_image  # noqa: E402

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
RELEASE_OF_CODENAME = {"bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14"}
DEBIAN_SUITES = (*RELEASE_OF_CODENAME, "sid", "unstable", "testing", "stable", "oldstable")
FOLDER_OF_ARCH = {"amd64": "x86_64", "arm64": "arm64"}

# The image of KVER is in the first of these packages that the index has. Where linux-binary-KVER
# exists, linux-image-KVER holds no image but depends on it.
PACKAGES_OF_KERNEL = (
    "linux-binary-{}",
    "linux-binary-unsigned-{}",
    "linux-image-{}",
    "linux-image-{}-unsigned",
)

# A package named after no patch level ("linux-image-6.1-cloud-amd64") only depends on the newest.
KERNEL_PACKAGE = re.compile(r"linux-(?:image|binary)-(\d+\.\d+(?:\.\d|[~-]rc\d).*?)(?:-unsigned)?")


class FetchError(Exception):
    """Why a suite or a kernel could not be had, in words for the person who asked for it."""


@dataclass(frozen=True)
class Kernel:
    root: "AptRoot"
    release: str  # `uname -r`
    package: str
    version: str
    size: int  # bytes to download

    @property
    def archive_path(self):
        folder = FOLDER_OF_ARCH[self.root.arch]
        return f"debian/{release_of(self.root.suite)}/{folder}/{self.release}.btf.tar.xz"


class AptRoot:
    """A private apt for one suite and one architecture: own sources, own lists, own cache."""

    def __init__(self, suite, arch, folder):
        self.suite = suite
        self.arch = arch
        self.folder = folder
        self.downloads = folder / "packages"
        self.config = folder / "apt.conf"

    def update(self):
        """Fetches the suite's package index. Raises FetchError."""
        for name in ("state/lists/partial", "cache/archives/partial", "packages"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        mirror = mirror_of(self.suite)
        (self.folder / "sources.list").write_text(
            f"deb [signed-by={KEYRING}] {mirror} {self.suite} main\n", encoding="utf-8"
        )
        # Hooks and pins of the host are for the host's own apt.
        self.config.write_text(
            f"""#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Architecture "{self.arch}";
APT::Architectures {{ "{self.arch}"; }};
APT::Default-Release "";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "{self.folder}/state";
Dir::State::status "{self.folder}/status";
Dir::Cache "{self.folder}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc::sourcelist "{self.folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
""",
            encoding="utf-8",
        )
        self.run("apt-get", "update", "--quiet", "--error-on=any")

    def kernels(self, patterns):
        """The suite's kernels whose release matches a glob, newest first."""
        names = set(self.run("apt-cache", "pkgnames", "linux-").split())
        releases = {
            match[1]
            for match in map(KERNEL_PACKAGE.fullmatch, names)
            if match and not match[1].endswith("-dbg")
        }
        wanted = {}
        for release in releases:
            if any(fnmatch.fnmatchcase(release, pattern) for pattern in patterns):
                packages = (form.format(release) for form in PACKAGES_OF_KERNEL)
                wanted[next(name for name in packages if name in names)] = release
        if not wanted:
            return []
        records = self.run("apt-cache", "show", "--no-all-versions", *sorted(wanted))
        kernels = []
        for record in records.strip().split("\n\n"):
            fields = dict(re.findall(r"^(Package|Version|Size): (.+)$", record, re.MULTILINE))
            package = fields["Package"]
            kernels.append(
                Kernel(self, wanted[package], package, fields["Version"], int(fields["Size"]))
            )
        return sorted(kernels, key=lambda kernel: version_key(kernel.release), reverse=True)

    def download(self, kernel):
        """The path of the kernel's package, downloaded unless it is there. Raises FetchError."""
        # apt writes a ':' of the version, which a file's name may not hold everywhere, as %3a.
        version = kernel.version.replace(":", "%3a")
        path = self.downloads / f"{kernel.package}_{version}_{self.arch}.deb"
        if not path.exists():
            self.run("apt-get", "download", "--quiet", f"{kernel.package}={kernel.version}")
        return path

    def run(self, tool, *arguments):
        """What one of apt's tools prints, run inside this root. Raises FetchError."""
        command = [tool, "-c", str(self.config), *arguments]
        return run_tool(command, cwd=self.downloads)


def run_tool(command, cwd=None):
    # apt's messages are read below, so they must not be translated.
    environment = os.environ | {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise FetchError(f"{command[0]} is not installed; this needs a Debian-like host") from error
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        reason = " ".join(lines) or done.stderr.strip() or f"exit code {done.returncode}"
        raise FetchError(f"{' '.join(command[:1] + command[3:5])}: {reason}")
    return done.stdout


def mirror_of(suite):
    """The address to get a suite from. Raises FetchError."""
    security = suite.endswith("-security")
    variable = "BTFBATCH_DEBIAN_SECURITY_MIRROR" if security else "BTFBATCH_DEBIAN_MIRROR"
    if variable in os.environ:
        return os.environ[variable]
    list_targets = [
        "apt-get",
        "indextargets",
        "--format",
        "$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(SITE)",
    ]
    # A host that has not run `apt-get update` yet knows no origins, only what its sources say.
    for origin, command in {
        "Debian": list_targets,
        "$(ORIGIN)": [*list_targets, "--no-release-info"],
    }.items():
        for line in run_tool(command).splitlines():
            found_origin, name, component, site = line.split("|", 3)
            is_debian = found_origin == origin and base_of(name) in DEBIAN_SUITES
            if is_debian and component == "main" and security == ("security" in name):
                return site
    raise FetchError(f"the host's apt has no Debian mirror for {suite}; set {variable}")


def base_of(suite):
    """The codename without "-security", "-updates", "-backports" and the like."""
    return re.split("[-/]", suite, maxsplit=1)[0]


def release_of(suite):
    """The folder of a suite's kernels: Debian's number, or the codename where it has none."""
    return RELEASE_OF_CODENAME.get(base_of(suite), base_of(suite))


def version_key(release):
    """Orders kernel releases as versions; "7.2~rc3" comes before "7.2"."""
    parts = re.split(r"(\d+)", release.replace("~", "\0"))
    return [int(part) if part.isdigit() else part for part in parts]


def image_of_package(package, release):
    """Reads vmlinuz out of a .deb. Raises FetchError."""
    wanted = (f"./boot/vmlinuz-{release}", f"./usr/lib/modules/{release}/vmlinuz")
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as unpacker:
        try:
            with tarfile.open(fileobj=unpacker.stdout, mode="r|") as members:
                for member in members:
                    if member.name in wanted and member.isfile():
                        return members.extractfile(member).read()
        except tarfile.TarError as error:
            raise FetchError(f"{package.name}: {error}") from error
        finally:
            unpacker.kill()
    raise FetchError(f"{package.name} holds no {' or '.join(wanted)}")


def write_archive_file(path, member_name, btf):
    """Writes a .tar.xz with one member, the same bytes every time; it appears only when whole."""
    member = tarfile.TarInfo(member_name)
    member.size = len(btf)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with lzma.open(temporary, "wb", preset=6) as packed:
            with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
                tar.addfile(member, io.BytesIO(btf))
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)


def fetch(kernel, out, keep_package):
    """Puts one kernel into the archive. Raises FetchError or ImageError."""
    path = out / kernel.archive_path
    package = kernel.root.download(kernel)
    try:
        btf = btf_of_image(image_of_package(package, kernel.release))
    finally:
        if not keep_package:
            package.unlink()
    write_archive_file(path, f"{kernel.release}.btf", btf)
    return f"{kernel.archive_path}: BTF of {len(btf)} bytes, packed {path.stat().st_size}"


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--suite",
        action="append",
        metavar="CODENAME",
        help="bullseye, bookworm, trixie, forky, sid, or one of these with "
        "-security, -updates or -backports; repeatable (default: bookworm)",
    )
    parser.add_argument(
        "--arch",
        action="append",
        choices=sorted(FOLDER_OF_ARCH),
        help="repeatable (default: amd64)",
    )
    parser.add_argument(
        "--name",
        action="append",
        metavar="GLOB",
        help="kernel releases to take; repeatable (default: *-cloud-ARCH, the "
        "smallest download)",
    )
    parser.add_argument(
        "--count",
        type=int,
        metavar="N",
        help="at most N kernels of each suite and architecture, newest first",
    )
    parser.add_argument(
        "--out",
        type=pathlib.Path,
        metavar="DIR",
        help="the archive; kernels that it has already are left alone",
    )
    parser.add_argument(
        "--cache",
        type=pathlib.Path,
        metavar="DIR",
        help="keep package indexes and packages here for the next time",
    )
    parser.add_argument("--list", action="store_true", help="only show what there is")
    parser.add_argument(
        "-j", "--jobs", type=int, default=2, help="suites or kernels at a time (default: 2)"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="show failures only")
    arguments = parser.parse_args()
    if not arguments.list and not arguments.out:
        parser.error("--out DIR is needed, or --list")
    if arguments.jobs < 1 or (arguments.count is not None and arguments.count < 1):
        parser.error("--jobs and --count must be 1 or more")
    for suite in arguments.suite or []:
        if not re.fullmatch(r"[a-z]+(-[a-z-]+)?", suite):
            parser.error(f"'{suite}' is no suite's name")
    return arguments


def find_kernels(arguments, folder, failures):
    """All kernels asked for, each archive path once; suites that fail are added to `failures`."""

    def ask(root):
        try:
            root.update()
            found = root.kernels(arguments.name or [f"*-cloud-{root.arch}"])
        except FetchError as error:
            return [], f"{root.suite} {root.arch}: {error}"
        if not found:
            return [], f"{root.suite} {root.arch}: no kernel has such a name"
        return found[: arguments.count], None

    roots = [
        AptRoot(suite, arch, folder / suite / arch)
        for suite in dict.fromkeys(arguments.suite or ["bookworm"])
        for arch in dict.fromkeys(arguments.arch or ["amd64"])
    ]
    kernels = {}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for found, failure in pool.map(ask, roots):
            for kernel in found:
                kernels.setdefault(kernel.archive_path, kernel)
            if failure:
                failures.append(failure)
    return list(kernels.values())


def fetch_all(kernels, arguments, say, failures):
    missing = []
    for kernel in kernels:
        if (arguments.out / kernel.archive_path).exists():
            say(f"{kernel.archive_path}: there already")
        else:
            missing.append(kernel)
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        keep = arguments.cache is not None
        running = {pool.submit(fetch, kernel, arguments.out, keep): kernel for kernel in missing}
        for done in concurrent.futures.as_completed(running):
            try:
                say(done.result())
            except (FetchError, ImageError, OSError) as error:
                failures.append(f"{running[done].archive_path}: {error}")


def main():
    arguments = parse_arguments()
    say = (lambda line: None) if arguments.quiet else (lambda line: print(line, flush=True))
    failures = []
    temporary = None if arguments.cache else tempfile.mkdtemp(prefix="btfbatch-apt-")
    try:
        # apt runs in another directory than this script, so the path must be absolute.
        folder = pathlib.Path(temporary or arguments.cache).resolve()
        kernels = find_kernels(arguments, folder, failures)
        if arguments.list:
            for kernel in kernels:
                print(
                    f"{kernel.root.suite:20} {kernel.root.arch:6} {kernel.release:32} "
                    f"{kernel.package} {kernel.version}, {kernel.size / 1e6:.1f} MB"
                )
        else:
            fetch_all(kernels, arguments, say, failures)
    finally:
        if temporary:
            shutil.rmtree(temporary)
    for failure in failures:
        print(f"fetch_debian_kernels: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
