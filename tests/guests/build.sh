#!/bin/sh
# Rebuilds the guests that the tests use from their sources, each with the compiler that it is written for. A compiler that is
# not there is said, and its guests are left as they are.
#
#     RUSTC  a rustc with the target wasm32-unknown-unknown: by rustup, or Debian's rustc, libstd-rust-dev-wasm32 and lld
#     CARGO  cargo, for the guests with wasm-bindgen (bindgen.sh), whose newest wants Rust 1.86; it fetches the two versions
#     ZIG    Zig, which brings a C compiler and a C library along (as a Python package: "python3 -m ziglang")
#     ASC    AssemblyScript's compiler (npm install assemblyscript)
#     JCO    the tool for components (npm install @bytecodealliance/jco)
#     WASM_TOOLS  wasm-tools, which makes a component of a module (cargo install wasm-tools)
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
    name=$1
    shift
    # shellcheck disable=SC2086
    $rustc --edition 2021 --target wasm32-unknown-unknown --crate-type cdylib \
        -C panic=abort "$@" ${RUSTFLAGS:-} --remap-path-prefix "$PWD=." -o "$name.wasm" "$name.rs"
}
if has "$rustc" Rust "grower, tidy, words, lines/rust, lines/vectors, panics/13-panic"; then
    rust grower -C opt-level=s -C strip=symbols
    rust tidy -C opt-level=s -C strip=symbols
    rust words -C opt-level=s -C strip=symbols
    rust lines/rust -C opt-level=1 -g
    # Without the names that compilers give functions, and with them.
    (cd panics && rust 13-panic -C opt-level=1 -C strip=symbols && mv 13-panic.wasm 13-panic-stripped.wasm)
    (cd panics && rust 13-panic -C opt-level=s)
    rust lines/vectors -C opt-level=s -C lto=fat -g
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
# without_path FILE PATH: puts a path of the same length that leads nowhere in the place of a path of this machine
without_path() {
    WHAT=$2 perl -0777 -pi -e 's{\Q$ENV{WHAT}\E}{substr("." . "/." x length $&, 0, length $&)}ge' "$1"
}
# without_dwarf FILE: drops the debug information, and keeps the names
without_dwarf() {
    node -e '
        const fs = require("fs"), path = process.argv[1], module = fs.readFileSync(path), kept = [module.subarray(0, 8)];
        for (let at = 8; at < module.length;) {
            let start = at + 1, size = 0, shift = 0, byte;
            do { byte = module[start++]; size |= (byte & 127) << shift; shift += 7; } while (byte & 128);
            const section = module.subarray(at, start + size);
            if (module[at] !== 0 || !section.includes(".debug_")) kept.push(section);
            at = start + size;
        }
        fs.writeFileSync(path, Buffer.concat(kept));
    ' "$1"
}
# zig_directory NAME: one of the directories that Zig uses
zig_directory() {
    $zig env | sed -n "s/.*$1.* \"\\(.*\\)\".*/\\1/p"
}
# Debug information has the paths of the sources, and Zig has no option to leave them out.
zig_with_lines() {
    (cd lines && $zig build-exe -target wasm32-freestanding -O ReleaseSafe -fno-strip -fno-entry -rdynamic \
        "-femit-bin=$1.wasm" "$1.zig")
    for path in "$PWD" "$(zig_directory lib_dir)" "$(zig_directory global_cache_dir)"; do
        without_path "lines/$1.wasm" "$path"
    done
}
c_with_lines() {
    $zig cc -target wasm32-freestanding -nostdlib -O1 -g -Wl,--no-entry "-ffile-prefix-map=$PWD=." \
        "-ffile-prefix-map=$(zig_directory lib_dir)=zig" -o "lines/$1.wasm" "lines/$1.c"
}
if has "$zig" Zig "base64, hex, measure, morse, pig, reverse, rot13, runs, slug, sort, squeeze, swap, trim, lines/c, lines/records, lines/tally, lines/zig, panics/zig, panics/c"; then
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
    c_with_lines c
    c_with_lines tally
    zig_with_lines zig
    (cd lines && $zig c++ -target wasm32-freestanding -nostdlib -O1 -g -Wl,--no-entry "-ffile-prefix-map=$PWD=." \
        -o records.wasm records.cpp)
    $zig build-exe -target wasm32-freestanding -O Debug -fstrip -fno-entry -rdynamic \
        -femit-bin=panics/zig-stripped.wasm panics/zig.zig
    $zig build-exe -target wasm32-freestanding -O Debug -fno-strip -fno-entry -rdynamic \
        -femit-bin=panics/zig.wasm panics/zig.zig
    without_dwarf panics/zig.wasm
    $zig cc -target wasm32-freestanding -nostdlib -O1 -s -Wl,--no-entry -o panics/c.wasm panics/c.c
fi

asc=${ASC:-asc}
if has "$asc" AssemblyScript "title, lines/assemblyscript, panics/assemblyscript"; then
    $asc title.ts -O3z --noAssert --runtime incremental --exportRuntime -o title.wasm
    $asc lines/assemblyscript.ts --noAssert --runtime minimal --exportRuntime --debug --sourceMap \
        -o lines/assemblyscript.wasm
    $asc panics/assemblyscript.ts -O1 --runtime minimal --exportRuntime -o panics/assemblyscript.wasm
    # The map holds the text of all sources. That of AssemblyScript's library is left out: it is long.
    node -e '
        const [, path] = process.argv, fs = require("fs"), map = JSON.parse(fs.readFileSync(path));
        map.sourcesContent = map.sourcesContent.map((text, i) => map.sources[i].startsWith("~lib") ? null : text);
        fs.writeFileSync(path, JSON.stringify(map));
    ' lines/assemblyscript.wasm.map
fi
# components/slug.js with the JavaScript engine inside is a component of 12 MB, too large to keep:
#     $JCO componentize components/slug.js --wit components/wit/slug.wit --world-name slug -o slug.wasm
#     printf 'Hello, World!\n' | linmem slug.wasm        # hello-world
jco=${JCO:-jco}
if has "$jco" jco "components/rot13"; then
    $jco new rot13.wasm --wasi-command -o components/rot13.wasm
fi
tools=${WASM_TOOLS:-wasm-tools}
if has "$tools" wasm-tools "components/letters" && has "$rustc" Rust "components/letters"; then
    core=$(mktemp -d)
    # shellcheck disable=SC2086
    (cd components && $rustc --edition 2021 --target wasm32-unknown-unknown --crate-type cdylib -C panic=abort \
        -C opt-level=s -C lto -C strip=symbols ${RUSTFLAGS:-} --remap-path-prefix "$PWD=." -o "$core/core.wasm" letters.rs)
    $tools component embed components/wit/letters.wit --world letters "$core/core.wasm" -o "$core/typed.wasm"
    $tools component new "$core/typed.wasm" -o "$core/component.wasm"
    $tools strip -a "$core/component.wasm" -o components/letters.wasm
    rm -r "$core"
fi
# Compilers mark their modules as programs to be run.
chmod 644 ./*.wasm lines/*.wasm panics/*.wasm
ls -l ./*.wasm lines/*.wasm panics/*.wasm
