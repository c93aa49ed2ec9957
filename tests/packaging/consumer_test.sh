#!/usr/bin/env bash
# Installs below DESTDIR, moves all of it elsewhere, and builds and runs other projects against it: one
# in C, and one in C++ whose programs must write what the installed btfbatch writes.
set -euo pipefail

build=$1 tests=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
DESTDIR=$work/staged cmake --install "$build" --prefix /opt/btfbatch >/dev/null
mv "$work/staged/opt/btfbatch" "$work/moved"
prefix=$work/moved

fail() {
  echo "consumer_test: $*" >&2
  exit 1
}

# Text that names a folder of the build is of no use on another machine.
if grep -rIlF -e "$build" -e "$(dirname "$tests")/" "$prefix"; then
  fail "the files above name the folders in which they were built"
fi

# The library's manual page is written by hand.
functions=$(grep -oE '\bbtfbatch_[a-z_]+\(' "$prefix/include/btfbatch_find.h" | tr -d '(' | sort -u)
[[ $(wc -w <<<"$functions") -ge 11 ]] || fail "the header declares too few functions: $functions"
for function in $functions; do
  grep -q "$function(" "$prefix/share/man/man3/libbtfbatch-find.3" || fail "the manual page lacks $function()"
done

consume() {
  cmake -S "$tests/packaging/$1" -B "$work/$1" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" "${@:2}" \
    >"$work/log" || { cat "$work/log" >&2; fail "$1 cannot be configured"; }
  cmake --build "$work/$1" >"$work/log" || { cat "$work/log" >&2; fail "$1 cannot be built"; }
}

consume consumer_c -DPROGRAM="$tests/core/find/c99_main.c"
for library in find find_static; do
  "$work/consumer_c/$library" "$tests/data/golden.btfs" || fail "$library does not run"
done

kernel=$build/tests/data/moved_fields.btf object=$build/tests/data/field_kinds.bpf.o
mkdir -p "$work/archive/debian/12/x86_64"
cp "$kernel" "$work/archive/debian/12/x86_64/6.1.0-1-amd64.btf"
"$prefix/bin/btfbatch" --quiet --archive "$work/archive" --objs "$object" --out "$work/expected" ||
  fail "the installed btfbatch does not run"
consume consumer_cxx -DCOMPONENTS=core  # needs nothing that only pipeline does
rm -r "$work/consumer_cxx"
consume consumer_cxx
"$work/consumer_cxx/core" "$kernel" "$object" "$work/core.btf" || fail "core does not run"
"$work/consumer_cxx/pipeline" "$work/archive" "$object" "$work/out" || fail "pipeline does not run"
path=debian/12/x86_64/6.1.0-1-amd64.btf
cmp "$work/expected/$path" "$work/core.btf"
cmp "$work/expected/$path" "$work/out/$path"
