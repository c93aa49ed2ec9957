#!/usr/bin/env bash
# Installs into a folder and builds a C program against what is there, as another project would, both
# with the shared and the static library.
set -euo pipefail

build=$1 compiler=$2 tests=$3
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
cmake --install "$build" --prefix "$prefix" >/dev/null
config=$(find "$prefix" -name btfbatch-find.pc)
libraries=$(dirname "$(dirname "$config")")
PKG_CONFIG_PATH=$(dirname "$config")
export PKG_CONFIG_PATH

read -ra flags < <(pkg-config --cflags --libs btfbatch-find)
"$compiler" -std=c99 -Wall -Wextra -Wpedantic -Werror "$tests/core/find/c99_main.c" "${flags[@]}" \
  -o "$prefix/shared"
LD_LIBRARY_PATH=$libraries "$prefix/shared" "$tests/data/golden.btfs"

read -ra flags < <(pkg-config --cflags btfbatch-find)
"$compiler" -std=c99 "$tests/core/find/c99_main.c" "${flags[@]}" "$libraries/libbtfbatch-find.a" \
  -o "$prefix/static"
"$prefix/static" "$tests/data/golden.btfs"
