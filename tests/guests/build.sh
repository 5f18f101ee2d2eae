#!/bin/sh
# Rebuilds the guests that the tests use from their sources, each with the compiler that it is written for. A compiler that is
# not there is said, and its guests are left as they are.
#
#     RUSTC  a rustc with the target wasm32-unknown-unknown: by rustup, or Debian's rustc, libstd-rust-dev-wasm32 and lld
#     CARGO  cargo, for the guests with wasm-bindgen (bindgen.sh), whose newest wants Rust 1.86; it fetches the two versions
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
if has "$rustc" Rust "grower, tidy, words"; then
    rust grower
    rust tidy
    rust words
fi
if has "${CARGO:-cargo}" cargo "camel, initials, roman"; then
    TARGET=$(mktemp -d)
    export TARGET
    trap 'rm -r "$TARGET"' EXIT
    ./bindgen.sh camel 0.2.130
    ./bindgen.sh roman 0.2.130
    ./bindgen.sh initials 0.2.92
fi

zig=${ZIG:-zig}
# with_library NAME ARGUMENTS: C with Zig's C library, a module whose functions are called one by one
with_library() {
    name=$1
    shift
    $zig cc -target wasm32-wasi -mexec-model=reactor -Os -s "$@" -o "$name.wasm" "$name.c"
}
without_library() {
    name=$1
    shift
    $zig cc -target wasm32-freestanding -nostdlib -Os -s -Wl,--no-entry "$@" -o "$name.wasm" "$name.c"
}
in_zig() {
    $zig build-exe -target wasm32-freestanding -O ReleaseSmall -fstrip -fno-entry -rdynamic "-femit-bin=$1.wasm" "$1.zig"
}
if has "$zig" Zig "base64, hex, measure, morse, pig, reverse, rot13, runs, slug, sort, squeeze, swap, trim"; then
    $zig cc -target wasm32-wasi -Os -s -o rot13.wasm rot13.c
    memory="-Wl,--export=malloc -Wl,--export=free"
    # shellcheck disable=SC2086
    with_library base64 $memory -Wl,--export=encode
    # shellcheck disable=SC2086
    with_library slug $memory -Wl,--export=slug
    # shellcheck disable=SC2086
    with_library sort $memory -Wl,--export=sort_words
    with_library morse
    with_library pig
    $zig c++ -target wasm32-wasi -mexec-model=reactor -fno-exceptions -Os -s -o swap.wasm swap.cpp
    without_library runs
    without_library squeeze
    without_library trim -Wl,--export=__heap_base
    in_zig hex
    in_zig measure
    in_zig reverse
fi

asc=${ASC:-asc}
if has "$asc" AssemblyScript title; then
    $asc title.ts -O3z --noAssert --runtime incremental --exportRuntime -o title.wasm
fi
# Compilers mark their modules as programs to be run.
chmod 644 ./*.wasm
ls -l ./*.wasm
