#!/bin/sh
# Rebuilds the guests that the tests use from their sources, each with the compiler that it is written for. A compiler that is
# not there is said, and its guests are left as they are.
#
#     RUSTC  a rustc with the target wasm32-unknown-unknown: by rustup, or Debian's rustc, libstd-rust-dev-wasm32 and lld
#     ZIG    Zig, which brings a C compiler and a C library along (as a Python package: "python3 -m ziglang")
#     ASC    AssemblyScript's compiler (npm install assemblyscript)
#
# The guests in Go are too large to keep: go/run.sh builds and tests them.
set -eu
cd "$(dirname "$0")"

# has COMPILER NAME GUESTS: whether that command can be run
has() {
    # A command may bring arguments along.
    # shellcheck disable=SC2086
    command -v ${1%% *} >/dev/null && return
    echo "skipped: there is no $2 (for $3)"
    return 1
}

rustc=${RUSTC:-rustc}
rust() {
    # shellcheck disable=SC2086
    $rustc --edition 2021 --target wasm32-unknown-unknown --crate-type cdylib \
        -C opt-level=s -C panic=abort -C strip=symbols ${RUSTFLAGS:-} --remap-path-prefix "$PWD=." -o "$1.wasm" "$1.rs"
}
if has "$rustc" Rust "grower, words"; then
    rust grower
    rust words
fi

zig=${ZIG:-zig}
if has "$zig" Zig "reverse, rot13, runs, slug"; then
    $zig cc -target wasm32-wasi -Os -s -o rot13.wasm rot13.c
    $zig cc -target wasm32-wasi -mexec-model=reactor -Os -s \
        -Wl,--export=malloc -Wl,--export=free -Wl,--export=slug -o slug.wasm slug.c
    $zig cc -target wasm32-freestanding -nostdlib -Os -s -Wl,--no-entry -o runs.wasm runs.c
    $zig build-exe -target wasm32-freestanding -O ReleaseSmall -fstrip -fno-entry -rdynamic \
        -femit-bin=reverse.wasm reverse.zig
fi

asc=${ASC:-asc}
if has "$asc" AssemblyScript title; then
    $asc title.ts -O3z --noAssert --runtime incremental --exportRuntime -o title.wasm
fi
ls -l ./*.wasm
