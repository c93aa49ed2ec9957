#!/usr/bin/env bash
# Makes the Debian packages and tries them in a system that has nothing but them: a minimal Debian, what
# they depend on, and no compiler.
set -euo pipefail

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  cat <<'TEXT'
usage: scripts/check_deb.sh [FOLDER]

Makes the packages, to lie in build/deb/packages afterwards; with FOLDER, takes those that lie there.
Needs root, for the chroot. The mirror is that of the host's apt, or BTFBATCH_DEBIAN_MIRROR. Takes some minutes.
TEXT
  exit 0
fi
if [[ $(id -u) -ne 0 ]]; then
  echo "check_deb: run this as root: it makes a chroot" >&2
  exit 1
fi

top=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
"$top/scripts/install_packages.sh" build deb
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
if [[ $# -gt 0 ]]; then
  packages=$(realpath "$1")
else
  packages=$top/build/deb/packages
  cmake -S "$top" -B "$top/build/deb" -G Ninja -DBUILD_TESTING=OFF -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_INSTALL_PREFIX=/usr
  cmake --build "$top/build/deb"
  rm -rf "$packages"
  (cd "$top/build/deb" && cpack -B "$packages")
fi
debs=("$packages"/btfbatch_*.deb "$packages"/libbtfbatch-find0_*.deb)

mirror=$(cd "$top/scripts" &&
  python3 -c 'import fetch_debian_kernels, sys; print(fetch_debian_kernels.mirror_of(sys.argv[1]))' "$suite")
root=$(mktemp -d /tmp/btfbatch-chroot-XXXXXX)
trap 'rm -rf --one-file-system "$root" "$root.log"' EXIT
echo "making a minimal Debian $suite in $root"
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$root.log" ||
  { tail -20 "$root.log" >&2; exit 1; }
cp /etc/resolv.conf "$root/etc/"
cp "${debs[@]}" "$root/"

# apt brings what the packages depend on, and nothing else.
chroot "$root" apt-get update --quiet=2
chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
  "${debs[@]/#*\//\/}"
chroot "$root" dpkg --audit

# The kernel's own BTF is there on most machines, and in the archive's layout it is an archive. As an
# object, any of libbpf-tools will do.
mkdir -p "$root/archive/debian/12/$(uname -m)"
cp /sys/kernel/btf/vmlinux "$root/archive/debian/12/$(uname -m)/$(uname -r).btf"
cp /usr/sbin/opensnoop "$root/probe"
chroot "$root" btfbatch --version
chroot "$root" btfbatch --archive /archive --objs /probe --out /out --bundle /btfs.btfs --progress never
chroot "$root" btfbatch verify --archive /archive --objs /probe --out /out --progress never
for place in /out /btfs.btfs; do
  chroot "$root" btfbatch find --from "$place" -o /found.btf
  cmp "$root/found.btf" "$root/out/debian/12/$(uname -m)/$(uname -r).btf"
done
chroot "$root" ldconfig -p | grep -F libbtfbatch-find.so.0
chroot "$root" sh -c 'dpkg --purge btfbatch libbtfbatch-find0 && ! command -v btfbatch'
echo "check_deb: all well"
