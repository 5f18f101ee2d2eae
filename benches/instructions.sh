#!/bin/sh
# Counts the instructions of four hot paths, which unlike times do not depend on what else the machine does. Fails if one
# is more than a tenth above what benches/instructions.txt says. `BLESS=1 benches/instructions.sh` rewrites that file.
# Needs valgrind, and a linmem that was built with optimisation (`cargo build --release`), or the path of another one.
set -eu
cd "$(dirname "$0")/.."
linmem=${1:-target/release/linmem}
expected=benches/instructions.txt
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# The instructions of a run with so many lines.
count() {
    lines=$1
    shift
    seq -f 'line %07.0f abcdefghijklmnopqrstuvw' "$lines" >"$folder/input"
    XDG_CACHE_HOME=$folder/cache valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        "$linmem" --no-config "$@" <"$folder/input" 2>&1 >"$folder/output" | sed -n 's/.*Collected : //p'
    test "$(wc -l <"$folder/output")" -ge "$lines"
}
# The instructions for each line, from two runs. What is compiled is kept by runs before them.
each() {
    few=$1 many=$2
    shift 2
    count "$many" "$@" >/dev/null
    more=$(count "$many" "$@")
    echo $(((more - $(count "$few" "$@")) / (many - few)))
}
measure() {
    mkdir "$folder/cache"
    # A recipe is compiled on another thread, and kept once that is done.
    runs=0
    while ! ls "$folder"/cache/linmem/*-driver-* >/dev/null 2>&1; do
        test $((runs += 1)) -le 20
        count 50000 passing-data >/dev/null
    done
    # In assignments, what fails ends the script.
    start=$(count 1 passing-data)
    batch=$(each 20000 60000 passing-data)
    steps=$(each 100 400 --no-cache passing-data)
    compared=$(each 100 400 --trace off --show hex passing-data)
    echo "start to first answer, in all: $start"
    echo "a line in a batch: $batch"
    echo "a line step by step: $steps"
    echo "a line recorded by comparing, shown: $compared"
}

measure >"$folder/found"
cat "$folder/found"
if [ -n "${BLESS:-}" ]; then
    cp "$folder/found" "$expected"
    exit
fi
awk -F ': ' '
    NR == FNR { limit[$1] = $2 * 1.1; next }
    !($1 in limit) || $2 !~ /^[0-9]+$/ || $2 + 0 > limit[$1] { print "too many: " $0 > "/dev/stderr"; failed = 1 }
    { delete limit[$1] }
    END { for (missing in limit) { print "not measured: " missing > "/dev/stderr"; failed = 1 } exit failed }' "$expected" "$folder/found"
