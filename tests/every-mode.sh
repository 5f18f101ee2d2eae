#!/bin/sh
# Runs all tests of the program in other modes than `cargo test` does: with a cache of compiled code that is empty, full,
# damaged, or not to be written, and with recipes compiled always or never. Arguments are passed to `cargo test`: a name
# selects some tests.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
failed=
suite() {
    echo "== $1"
    mode=$1
    shift
    cargo test --quiet --test suite "$@" || failed="$failed; $mode"
}
entries() {
    find "$folder" -name '*.compiled' | wc -l
}
export LINMEM_TEST_CACHE="$folder"
suite 'the cache is empty' "$@"
test "$(entries)" -gt 0
suite 'the cache is full' "$@"
# One byte of each entry, somewhere in it.
find "$folder" -name '*.compiled' | while read -r entry; do
    size=$(wc -c <"$entry")
    printf 'X' | dd of="$entry" bs=1 seek=$((size / 3)) conv=notrunc 2>/dev/null
done
suite 'the cache is damaged' "$@"
# Root may write anywhere, but nobody can make a folder in a file.
rm -r "$folder/linmem"
touch "$folder/linmem"
suite 'the cache is not writable' "$@"
test "$(entries)" -eq 0
unset LINMEM_TEST_CACHE
mkdir -p "$folder/config/linmem"
export LINMEM_TEST_CONFIG="$folder/config"
for batch in always never; do
    echo "batch = $batch" >"$folder/config/linmem/config"
    suite "batch = $batch" "$@"
done
test -z "$failed" || { echo "failed$failed"; exit 1; }
