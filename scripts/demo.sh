#!/usr/bin/env bash
# Shows the main job on real input: installs what it needs, builds, gets a small archive of real
# kernels and 52 real eBPF objects, minimizes all kernels for all objects and shows the result.
set -euo pipefail

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  echo "usage: scripts/demo.sh    (asks nothing; all it makes is under build/demo)"
  exit 0
fi

step() { printf '\n== %s\n' "$*"; }

# Prints a command as one would type it, then runs it.
show() {
  printf '$ %s\n' "$*"
  "$@"
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
demo=build/demo

step "Installing what is missing from Debian's packages"
scripts/install_packages.sh build fetch demo

step "Building"
cmake -S . -B $demo -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF >/dev/null
cmake --build $demo

step "Fetching real kernels, as an archive in BTFHub's layout"
# A suite that the mirror no longer has costs only its own kernels.
scripts/fetch_debian_kernels.py --out $demo/archive --count 2 --suite bookworm --suite trixie ||
  [[ -d $demo/archive ]]
scripts/fetch_debian_kernels.py --out $demo/archive --count 1 --suite bookworm --arch arm64 ||
  [[ -d $demo/archive ]]

step "Real eBPF objects: the executables of Debian's libbpf-tools embed one each"
objects=()
while read -r path; do
  # Names that are links lead to executables that are listed themselves.
  if [[ -f $path && ! -L $path && $path == */sbin/* ]]; then
    objects+=("$path")
  fi
done < <(dpkg -L libbpf-tools)
echo "${#objects[@]} of them, such as ${objects[0]}"

step "The main job: every kernel of the archive, for all of these objects"
show $demo/btfbatch --archive $demo/archive --objs "${objects[@]}" --out $demo/btfs

step "The result: a tree like the archive's, identical results stored once"
(cd $demo && find btfs -type l -printf '%p -> %l\n' -o -type f -printf '%p  %s bytes\n' | sort)

step "What the manifest says of it"
python3 - $demo/btfs/btfbatch.json <<'PYTHON'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    manifest = json.load(file)
for kernel in manifest["kernels"]:
    sizes = f"{kernel['btf_size']} -> {kernel.get('minimized_size', 0)} bytes"
    print(f"{kernel['archive_path']}: {kernel['outcome']}, {sizes}")
print("totals:", json.dumps(manifest["totals"]))
PYTHON
