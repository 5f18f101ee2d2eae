#!/bin/sh
# Runs all tests of the program with a cache of compiled code: empty, full, damaged, and where none can be written. Without this,
# tests keep no compiled code. Arguments are passed to `cargo test`: a name selects some tests.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
suite() {
    echo "== the cache is $1"
    shift
    LINMEM_TEST_CACHE=$folder cargo test --quiet --test suite "$@"
}
entries() {
    find "$folder" -name '*.compiled' | wc -l
}
suite empty "$@"
test "$(entries)" -gt 0
suite full "$@"
# One byte of each entry, somewhere in it.
find "$folder" -name '*.compiled' | while read -r entry; do
    size=$(wc -c <"$entry")
    printf 'X' | dd of="$entry" bs=1 seek=$((size / 3)) conv=notrunc 2>/dev/null
done
suite damaged "$@"
# Root may write anywhere, but nobody can make a folder in a file.
rm -r "$folder/linmem"
touch "$folder/linmem"
suite 'not writable' "$@"
test "$(entries)" -eq 0
