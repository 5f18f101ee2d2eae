#!/bin/sh
# Builds two guests in Go and drives them: a program (WASI) and a reactor. They are megabytes large, so they are not kept. Needs
# Go 1.24 or later (GO names it), and a linmem (LINMEM names one, else it is built); says so and ends well where there is no Go.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
go=${GO:-go}
if ! command -v "$go" >/dev/null; then
    echo "skipped: there is no Go"
    exit 0
fi
linmem=${LINMEM:-}
if [ -z "$linmem" ]; then
    (cd "$here/../../.." && cargo build --release --quiet --bin linmem)
    linmem=$here/../../../target/release/linmem
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOOS=wasip1 GOARCH=wasm GOFLAGS=-trimpath
"$go" build -ldflags='-s -w' -o "$work/filter.wasm" "$here/filter/main.go"
"$go" build -ldflags='-s -w' -buildmode=c-shared -o "$work/reactor.wasm" "$here/reactor/main.go"

failed=0
# check WORDS EXPECTED ARGUMENTS...: what linmem answers to the lines in $lines
check() {
    words=$1 expected=$2
    shift 2
    if got=$(printf '%b' "$lines" | "$linmem" "$@") && [ "$got" = "$(printf '%b' "$expected")" ]; then
        echo "ok    $words"
    else
        failed=1
        printf 'FAIL  %s\n%s\n' "$words" "$got"
    fi
}

lines='Did you know\n\na\303\244\357\274\241 z\n'
check 'a program, a fresh instance for each line' '3 DID YOU KNOW\n0 \n2 A\303\204\357\274\241 Z' "$work/filter.wasm"
check 'a reactor' 'DID YOU KNOW!\n!\nA\303\204\357\274\241 Z!' "$work/reactor.wasm"
exit $failed
