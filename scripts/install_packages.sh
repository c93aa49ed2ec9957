#!/usr/bin/env bash
# Installs what a part of the project needs from Debian's packages, without asking, and only what is
# missing: with everything there it takes a moment and touches nothing.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/install_packages.sh SET...

  build  to build btfbatch
  fetch  to fetch real kernels (scripts/fetch_debian_kernels.py)
  demo   real eBPF objects for the demo
  test   to build and run the tests and the comparisons with other tools
  deb    to try the Debian packages in a chroot (scripts/check_deb.sh)
  fuzz   beside "test", to build and run the fuzzers

Needs Debian 12 or newer, and root or sudo where something is missing.
TEXT
}

packages_of() {
  case $1 in
    build)
      echo g++ cmake make ninja-build pkg-config libbpf-dev libelf-dev libtbb-dev libarchive-dev \
        zlib1g-dev libxxhash-dev libzstd-dev libspdlog-dev libfmt-dev libcli11-dev libtomlplusplus-dev \
        nlohmann-json3-dev libjemalloc-dev ;;
    fetch)
      echo python3 debian-archive-keyring xz-utils zstd lz4 ;;
    demo)
      echo libbpf-tools ;;
    test)
      echo libgtest-dev libgmock-dev libbenchmark-dev clang-19 llvm-19 bpftool libbpf-tools jq \
        python3 python3-yaml xz-utils zstd make binutils xxhash pahole golang-go \
        golang-github-cilium-ebpf-dev git shellcheck yamllint zsh mandoc man-db lintian chromium \
        chromium-driver distro-info-data ;;
    deb)
      echo debootstrap libbpf-tools python3 ;;
    fuzz)
      echo libclang-rt-19-dev ;;
    *)
      echo "install_packages: '$1' is no set of packages" >&2
      usage >&2
      return 1 ;;
  esac
}

is_installed() {
  [[ $(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "install_packages: run this as root, or install sudo" >&2
    return 1
  fi
}

case ${1:-} in
  '') usage >&2; exit 1 ;;
  -h | --help) usage; exit 0 ;;
esac

missing=()
for set in "$@"; do
  packages=$(packages_of "$set")
  for package in $packages; do
    if ! command -v dpkg-query >/dev/null || ! is_installed "$package"; then
      missing+=("$package")
    fi
  done
done
if [[ ${#missing[@]} -eq 0 ]]; then
  exit 0
fi
if ! command -v apt-get >/dev/null; then
  echo "install_packages: this is no Debian; install what these packages hold: ${missing[*]}" >&2
  exit 1
fi

echo "installing ${missing[*]}"
# Packages of a Debian that is no longer the newest move within the mirror, so an index from
# yesterday may name files that are gone.
as_root apt-get update --quiet=2
as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends \
  --option Dpkg::Use-Pty=0 "${missing[@]}" >/dev/null
