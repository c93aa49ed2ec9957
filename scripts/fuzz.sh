#!/usr/bin/env bash
# Builds the libFuzzer targets and runs each for some time.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: scripts/fuzz.sh SECONDS [TARGET...]

Builds tests/fuzz/TARGET.cpp (default: all) with clang's libFuzzer, AddressSanitizer and
UndefinedBehaviorSanitizer into build/fuzz, then runs each target for SECONDS, as many at once as
there are cores, but two at most. At the end a table: target, executions, coverage (edges and
features), inputs in the corpus, crashes.

The corpus stays in build/fuzz/corpus/TARGET and grows from run to run. What crashes a target lands
in build/fuzz/crashes/TARGET; once mended, put it into tests/fuzz/corpus/TARGET under a telling name.

exit status: 0 no crash, 1 wrong usage, 2 some target crashed, ran out of time or memory
TEXT
}

case ${1:-} in
  -h | --help) usage; exit 0 ;;
  '' | *[!0-9]*) usage >&2; exit 1 ;;
esac
seconds=$1
shift

cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/fuzz
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  for source in tests/fuzz/*_fuzz.cpp; do
    targets+=("$(basename "$source" .cpp)")
  done
fi
for target in "${targets[@]}"; do
  if [[ ! -e tests/fuzz/$target.cpp ]]; then
    echo "fuzz: there is no target '$target' in tests/fuzz" >&2
    exit 1
  fi
done

scripts/install_packages.sh build test fuzz
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${targets[@]}"

# The inputs that a target starts from, beside its own corpus: what a folder of real ones would be.
make_seeds() {
  local seeds=$1
  local data=$build/tests/data
  mkdir -p "$seeds"/{kernels,objects,archives,manifests,configs}
  cp "$data"/*.btf "$seeds/kernels"
  cp "$data"/*.bpf.o "$seeds/objects"
  cp configs/*.toml "$seeds/configs" 2>/dev/null || true
  local kernel
  for kernel in "$data"/{reference,tagged,twins}.btf; do
    local name
    name=$(basename "$kernel")
    tar --create --directory "$data" "$name" >"$seeds/archives/$name.tar"
    cp "$kernel" "$seeds/archives/$name"
    for compress in xz gzip zstd bzip2; do
      if command -v $compress >/dev/null; then
        $compress --stdout "$seeds/archives/$name.tar" >"$seeds/archives/$name.tar.$compress"
      fi
    done
  done
}

seeds_of() {
  case $1 in
    object_fuzz | minimize_object_fuzz) echo objects ;;
    unpack_fuzz) echo archives ;;
    manifest_fuzz) echo manifests ;;
    config_fuzz) echo configs ;;
    *) echo kernels ;;
  esac
}

run_target() {
  local target=$1
  local corpus=$build/corpus/$target crashes=$build/crashes/$target log=$build/logs/$target.log
  mkdir -p "$corpus" "$crashes" "$build/logs"
  # An input may take some memory and time, but not without bound.
  "$build/tests/fuzz/$target" "$corpus" "tests/fuzz/corpus/$target" \
    "$build/seeds/$(seeds_of "$target")" -max_total_time="$seconds" -timeout=60 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$crashes/" >"$log" 2>&1 || true
}

last_number() {  # of "NAME: 123" in a log
  { grep --only-matching --text "$2: *[0-9]*" "$1" || echo "$2: 0"; } | tail -1 | grep -o '[0-9]*$'
}

make_seeds "$build/seeds"
rm -rf "$build/crashes" "$build/logs"
echo "fuzz: running ${#targets[@]} targets, $seconds s each; logs in $build/logs"
cores=$(nproc)
at_once=$((cores < 2 ? cores : 2))
for target in "${targets[@]}"; do
  while [[ $(jobs -rp | wc -l) -ge $at_once ]]; do
    wait -n
  done
  run_target "$target" &
done
wait

failed=0
format='%-22s %12s %8s %9s %7s %8s\n'
# shellcheck disable=SC2059
printf "$format" target executions cov ft corpus crashes
for target in "${targets[@]}"; do
  log=$build/logs/$target.log
  crashes=$(find "$build/crashes/$target" -type f -not -name 'slow-unit-*' | wc -l)
  # A target that ended without its closing line did not even start.
  if [[ $crashes -eq 0 ]] && ! grep --quiet --text '^Done [0-9]* runs' "$log"; then
    echo "fuzz: $target did not run, see $log" >&2
    failed=2
  fi
  if [[ $crashes -gt 0 ]]; then
    failed=2
  fi
  # shellcheck disable=SC2059
  printf "$format" "$target" "$(last_number "$log" 'stat::number_of_executed_units')" \
    "$(last_number "$log" cov)" "$(last_number "$log" ft)" \
    "$(find "$build/corpus/$target" -type f | wc -l)" "$crashes"
done
exit $failed
