#!/usr/bin/env bash
# Measures btfbatch, in one run and on the same cores, against the floor and against what people run
# today.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/compare.sh [--rounds N] [--json FILE] ARCHIVE OBJ...

  (a) btfbatch, from the archive to the finished output
  (b) the floor: `xz -dc` of every file with `xargs -P N`, the output thrown away
  (c) what people run today: `make -jN` over `tar xfJ`, `bpftool gen min_core_btf` and `rm`,
      for each kernel
  (d) btfbatch once more into the output of (a): nothing has changed
  (e) the floor of (d): `xxhsum -H2` over every file, in N processes; (d) may take 1.5 times as
      long and 30 ms
  (f) btfbatch verify over the output of (a); it may take 1.25 times as long as (a), and so may
  (g) a run with --verify
  (h) btfbatch pack, of the whole archive; it may take 4 times as long as (b), 7 % of the archive's
      space, and 150 MB of memory
  (i) a run from that pack, to the same tree as (a): at least 8 times as fast as (a) and 25 times as
      fast as (c), within 150 MB
  (j) a run with a report, --html and --json; it may take 1.2 times as long as (a)

  and, once, the sizes of bundles beside `tar cJ` over the whole tree of plain files, as tar makes it
  without other options: .tar.xz may not be larger, .btfs may be 1.15 times as large

Prints the times, their ratios and the peak memory as a table and as JSON, and checks that (a) and
(c) gave the same bytes. ARCHIVE is a folder of *.btf.tar.xz; OBJ is an eBPF object or an executable
that embeds some.

  --rounds N   how often each is run, in turn (default: 3); (d) and (e) ten times as often
  --json FILE  write the JSON there as well

  JOBS=N         cores for all of them (default: 2)
  BTFBATCH=FILE  the executable to measure (default: build/release/btfbatch, built first)
TEXT
}

rounds=3
json=()
while [[ $# -gt 0 ]]; do
  case $1 in
    --rounds) rounds=${2:?--rounds needs a number}; shift 2 ;;
    --json) json=(--json "${2:?--json needs a file}"); shift 2 ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 1 ;;
    *) break ;;
  esac
done
if [[ $# -lt 2 ]]; then
  usage >&2
  exit 1
fi

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$repository/scripts/install_packages.sh" build test
if [[ -z ${BTFBATCH:-} ]]; then
  (
    cd "$repository"
    cmake --preset release
    cmake --build --preset release --target btfbatch
  ) >&2
  BTFBATCH=$repository/build/release/btfbatch
fi
bpftool=$(PATH=$PATH:/usr/sbin command -v bpftool)
python3 "$repository/scripts/lib/compare.py" --btfbatch "$BTFBATCH" --bpftool "$bpftool" \
  --work "$repository/build" --jobs "${JOBS:-2}" --rounds "$rounds" "${json[@]}" "$@"
