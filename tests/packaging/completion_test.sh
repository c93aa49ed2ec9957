#!/usr/bin/env bash
# What bash completes, against what each command's --help says.
set -euo pipefail

program=$1 sources=$2
# shellcheck source=../../cli/completion/btfbatch.bash
source "$sources/cli/completion/btfbatch.bash"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# The words of a command line, the last of which is being typed; what is offered, in order.
offered() {
  COMP_WORDS=("$program" "$@")
  COMP_CWORD=$#
  COMPREPLY=()
  _btfbatch
  printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | xargs
}

expect() {
  local expected=$1
  shift
  local got
  got=$(offered "$@")
  if [[ $got != "$expected" ]]; then
    printf 'btfbatch'; printf ' [%s]' "$@"
    printf '\n  offered   %s\n  expected  %s\n' "$got" "$expected"
    failures=$((failures + 1))
  fi
}

# The list in --help, which the program does not make of what completion is told.
options_of() {
  "$program" "$1" --help | sed -nE 's/^  (-[^ ]+).*/\1/p' | tr ',' '\n' | LC_ALL=C sort -u | xargs
}
commands=$("$program" --help | sed -n '/^Commands/,/^$/s/^  \([a-z-]*\) .*/\1/p')
[[ $(wc -w <<<"$commands") -ge 3 ]] || { echo "--help lists no commands"; exit 1; }
for command in $commands; do
  expect "$(options_of "$command")" "$command" -
done
expect "$(options_of run)" -

expect "$(LC_ALL=C sort <<<"$commands" | xargs)" ''
expect verify ver
expect verify help ver
expect "" nonesuch -
expect "copy hardlink indexed symlink" --layout ''
expect "hardlink" run --layout h
expect "symlink" --layout = sy
expect "copy hardlink indexed symlink" --layout =
expect "json text" verify --archive a --log-format ''
expect "--arch --archive" verify --arch
expect "" --jobs ''
expect "" --jobs 3

cd "$work"
mkdir folder
touch a.bpf.o b.bpf.o 'with blank.o'
expect "a.bpf.o" --archive a
expect "folder" --out ''
expect "folder" --cache = f
expect "a.bpf.o b.bpf.o folder with blank.o" --objs ''
expect "b.bpf.o" --objs a.bpf.o b
expect "with blank.o" --objs wi
expect "" --archive a b  # --archive has its value
expect "--config" --objs a.bpf.o --conf

program=/nonexistent/btfbatch
expect "" ''
expect "" --lay
exit $((failures > 0))
