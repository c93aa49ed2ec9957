#!/usr/bin/env bash
# Installs the test tools, builds, fetches a few real kernels and runs every test.
set -euo pipefail

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
  cat <<'TEXT'
usage: scripts/test.sh [CTEST ARGUMENT...]

BTFBATCH_TEST_ARCHIVE  an archive of real kernels to test with, instead of the one that is fetched
                       once into build/test-archive
CI                     where set, real kernels that cannot be fetched fail the run; elsewhere the
                       tests that need them are skipped
TEXT
  exit 0
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/install_packages.sh build fetch test

# Kernels of every series that Debian carries: 5.10, 6.1, 6.12 and 7.x, for two architectures.
fetch_test_archive() {
  local archive=build/test-archive
  local complete=$archive.complete
  if [[ -e $complete ]]; then
    return 0
  fi
  echo "fetching real kernels into $archive"
  local failed=0
  scripts/fetch_debian_kernels.py --out $archive --count 1 \
    --suite bullseye --suite bookworm --suite trixie --suite trixie-backports || failed=1
  scripts/fetch_debian_kernels.py --out $archive --count 1 --suite bookworm --arch arm64 || failed=1
  if [[ $failed -eq 0 ]]; then
    touch $complete
  elif [[ -z $(find $archive -name '*.btf.tar.xz' -print -quit 2>/dev/null) ]]; then
    echo "test: no real kernel could be fetched from Debian's mirror, see above; tests that need" \
      "one cannot run" >&2
    [[ -z ${CI:-} ]]
  else
    # An old suite leaves the mirrors some day; the kernels of the others are still a test.
    echo "test: going on with those real kernels that could be fetched" >&2
  fi
}

if [[ -z ${BTFBATCH_TEST_ARCHIVE:-} ]]; then
  fetch_test_archive
elif [[ ! -d $BTFBATCH_TEST_ARCHIVE ]]; then
  echo "test: BTFBATCH_TEST_ARCHIVE is no folder: $BTFBATCH_TEST_ARCHIVE" >&2
  exit 1
fi
cmake --preset release
cmake --build --preset release
ctest --preset release --parallel "$(nproc)" "$@"
