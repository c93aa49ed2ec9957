#!/usr/bin/env bash
# Makes the Debian packages of a build and looks at them without installing them: the program runs, each
# library that it needs is in a package it depends on, every command has its page, and lintian is content.
# scripts/check_deb.sh installs them into a clean system.
set -euo pipefail

build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "deb_test: $*" >&2
  exit 1
}

(cd "$build" && cpack -G DEB -B "$work/packages") >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "cpack"; }
debs=("$work"/packages/*.deb)
[[ ${#debs[@]} -eq 3 ]] || fail "made ${#debs[@]} packages, not 3"

# dpkg refuses a file that two packages bring.
shared=$(for deb in "${debs[@]}"; do dpkg-deb --contents "$deb" | awk '$1 !~ /^d/ {print $6}'; done | sort | uniq -d)
[[ -z $shared ]] || fail "in several packages: $shared"

depended_on() {
  dpkg-deb --field "$1" Depends | sed 's/([^)]*)//g; s/ //g' | tr ',|' '\n\n'
}
# A package under its own name and those that it provides, such as libspdlog1.10-fmt9.
names_of() {
  dpkg-query --show --showformat '${Package},${Provides}\n' "$1" | tr ',' '\n' | sed 's/([^)]*)//; s/ //g; /^$/d'
}
for deb in "${debs[@]}"; do
  name=$(dpkg-deb --field "$deb" Package)
  root=$work/$name
  dpkg-deb --extract "$deb" "$root"
  [[ -s $root/usr/share/doc/$name/copyright ]] || fail "$name has no copyright file"
  while read -r file; do
    for library in $(objdump -p "$file" | awk '$1 == "NEEDED" {print $2}'); do
      path=$(ldconfig -p | awk -v library="$library" '$1 == library && !seen++ {print $NF}')
      # dpkg knows one of the two paths, and fails for the other.
      owner=$( (dpkg-query --search "$(realpath "$path")" "$path" 2>/dev/null || true) | sed -n '1s/:.*//p')
      depended_on "$deb" | grep -xF "$(names_of "$owner")" >/dev/null || fail "$name needs $library of '$owner' and does not depend on it"
    done
    ! objdump -p "$file" | grep -E 'RPATH|RUNPATH' || fail "$name: $file looks for libraries in a folder of the build"
  done < <(find "$root/usr/bin" "$root/usr/lib" -type f \( -perm -1 -o -name '*.so.*' \) 2>/dev/null)
done
[[ -n $(depended_on "$work"/packages/btfbatch_*.deb) ]] || fail "btfbatch depends on nothing"

usr=$work/btfbatch/usr
"$usr/bin/btfbatch" --version >/dev/null || fail "the packaged btfbatch does not run"
for command in $("$usr/bin/btfbatch" --help | sed -n '/^Commands/,/^$/s/^  \([a-z-]*\) .*/\1/p'); do
  page=$usr/share/man/man1/btfbatch-$command.1.gz
  [[ $command != run ]] || page=$usr/share/man/man1/btfbatch.1.gz
  [[ -s $page ]] || fail "'$command' has no manual page"
done
for page in "$work"/*/usr/share/man/man*/*; do
  complaints=$(mandoc -T lint -W warning "$page" 2>&1 || true)
  complaints+=$(man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null || true)
  [[ -z $complaints ]] || fail "$complaints"
done

# CPack itself calls ldconfig in postinst; and a build for /usr/local has no folder for each architecture.
lintian --allow-root --fail-on error,warning \
  --suppress-tags maintscript-calls-ldconfig,pkg-config-unavailable-for-cross-compilation "${debs[@]}" ||
  fail "lintian found something"
