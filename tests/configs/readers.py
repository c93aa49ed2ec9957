"""How other projects' code finds a host's BTF in what they ship: our own words for each one's rules.

Each reader gets the text of os-release, `uname -m` and `uname -r`, and gives the BTF, or raises
NotFound. The rules are those of:

  inspektor_gadget        pkg/btfgen (files that go:embed took in)
  inspektor_gadget_image  pkg/operators/btfgen (a layer of a gadget's image)
  tracee                  pkg/utils/environment, unpackBTFHub() (go:embed)
  bcc                     libbpf-tools/btf_helpers.c
  datadog                 pkg/ebpf/btf.go, loadEmbedded()
"""

import gzip
import io
import re
import tarfile


class NotFound(Exception):
    pass


def look_up(files, path):
    if path not in files:
        raise NotFound(f"{path} is none of {sorted(files)}")
    return files[path]


# ---- Inspektor Gadget


def inspektor_gadget_names(os_release):
    """ID as it stands there, quotes and all; VERSION_ID without its quotes."""
    names = {}
    for line in os_release.splitlines():
        name, equals, value = line.partition("=")
        if equals and name == "ID":
            names["ID"] = value
        if equals and name == "VERSION_ID":
            names["VERSION_ID"] = value.strip('"')
    if not names.get("ID") or not names.get("VERSION_ID"):
        raise NotFound("os-release is incomplete")
    return names["ID"], names["VERSION_ID"]


def inspektor_gadget(files, os_release, machine, kernel):
    """`files`: what is embedded, by path from the package's folder."""
    distro, version = inspektor_gadget_names(os_release)
    arch = {"x86_64": "x86", "aarch64": "arm64"}[machine]
    return look_up(files, f"btfs/{arch}/{distro}/{version}/{machine}/{kernel}.btf")


def inspektor_gadget_image(layer, os_release, machine, kernel):
    """`layer`: the bytes of a tar.gz. Names are compared as they are."""
    distro, version = inspektor_gadget_names(os_release)
    wanted = f"{distro}/{version}/{machine}/{kernel}.btf"
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(layer)), mode="r:") as tar:
        for member in tar:
            if member.name == wanted:
                # Reads the member's own bytes: a link has none.
                return tar.extractfile(member).read() if member.isreg() else b""
    raise NotFound(wanted)


# ---- Tracee


def tracee(files, os_release, machine, kernel):
    """`files`: what is embedded, by path from the root of the source."""
    names = {}
    for line in os_release.splitlines():
        parts = line.split("=")
        if len(parts) == 2:
            names[parts[0]] = parts[1].strip('"')
    arch = "arm64" if "aarch64" in machine else machine
    return look_up(files, f"dist/btfhub/{names.get('ID', '')}/{names.get('VERSION_ID', '')}/{arch}/"
                          f"{kernel}.btf")


# ---- bcc

NAME_SIZE = 100  # of a name in a tar's header; the wanted name is cut to this, its zero included
BLOCK = 512


def bcc(bundle, os_release, machine, kernel):
    """`bundle`: the bytes of a tar.gz. It walks headers of 512 bytes, and knows nothing of links, of
    long names or of the end of the file."""
    distro = version = ""
    for line in os_release.splitlines():
        if found := re.match(r"ID=\s*(\S{1,64})", line):
            distro = found[1]
        elif found := re.match(r'VERSION_ID="\s*(\S{1,64})', line):
            version = found[1][:-1]
    wanted = f"./{distro}/{version}/{machine}/{kernel}.btf".encode()[:NAME_SIZE - 1]
    tar = gzip.decompress(bundle)
    at = 0
    while tar[at] != 0:
        name = tar[at:at + NAME_SIZE].split(b"\0")[0]
        size = int(re.match(rb"\s*([0-7]+)", tar[at + 124:at + 136])[1], 8)
        if name == wanted:
            return tar[at + BLOCK:at + BLOCK + size]
        at += BLOCK + (size + BLOCK - 1) // BLOCK * BLOCK
    raise NotFound(wanted)


# ---- Datadog's agent

PLATFORMS = {
    "amzn": "amzn", "amazon": "amzn", "suse": "sles", "sles": "sles",
    "opensuse": "opensuse-leap", "opensuse-leap": "opensuse-leap", "redhat": "rhel", "rhel": "rhel",
    "oracle": "ol", "ol": "ol", "ubuntu": "ubuntu", "centos": "centos", "debian": "debian",
    "fedora": "fedora",
}
# What a kernel release says of its platform.
PATTERNS = [
    (r"\.amzn[1-2]\.", {"amzn"}),
    (r"\.el7\.", {"rhel", "centos", "ol"}),
    (r"\.el8(_\d)?\.", {"rhel", "centos", "ol"}),
    (r"\.el[7-8]uek\.", {"ol"}),
    (r"\.deb10\.", {"debian"}),
    (r"\.fc\d{2}\.", {"fedora"}),
    (r"-lp15\d\.", {"opensuse-leap"}),
    (r"-150300\.", {"opensuse-leap"}),
]


def datadog(collection, platform, version, kernel):
    """`collection`: the bytes of a tar.xz for one architecture, of which the chosen entry is a tar.xz
    that has KERNEL.btf in it. `platform` and `version`: what the agent takes the host for."""
    name = f"{kernel}.btf.tar.xz"
    with tarfile.open(fileobj=io.BytesIO(collection), mode="r:xz") as tar:
        entries = {member.name: tar.extractfile(member).read() for member in tar if member.isreg()}
    possible = [entry for entry in entries
                if entry.split("/")[-1] == name and entry.split("/")[0] in PLATFORMS]
    wanted = f"{platform}/{version}/{name}" if platform == "ubuntu" else f"{platform}/{name}"
    if wanted not in possible and len(possible) != 1:
        for pattern, platforms in PATTERNS:
            if re.search(pattern, kernel):
                possible = [entry for entry in possible
                            if PLATFORMS[entry.split("/")[0]] in platforms]
                break
    if wanted not in possible:
        if len(possible) != 1:
            raise NotFound(f"{wanted} is none of {possible}")
        wanted = possible[0]
    with tarfile.open(fileobj=io.BytesIO(entries[wanted]), mode="r:xz") as inner:
        return inner.extractfile(f"{kernel}.btf").read()
