#!/bin/sh
# Builds one guest in Rust with wasm-bindgen: bindgen.sh NAME VERSION makes NAME.wasm of NAME.rs with that version of it.
#
# The version's own tool must work on what the version's own macros wrote. It is built first, in the folder TARGET, which another
# call can use again. What JavaScript would need is left there.
#
#     CARGO   cargo; RUSTC, a rustc with the target wasm32-unknown-unknown, and RUSTFLAGS are for the guest alone
#     TARGET  a folder for what cargo makes
set -eu
name=$1
version=$2
here=$(cd "$(dirname "$0")" && pwd)
cargo=${CARGO:-cargo}
rustc=${RUSTC:-rustc}
work=$TARGET/$name
mkdir -p "$work/tool/src" "$work/guest"

cat > "$work/tool/Cargo.toml" <<END
[package]
name = "tool"
version = "0.0.0"
edition = "2021"
[dependencies]
wasm-bindgen-cli-support = "=$version"
[profile.dev]
debug = false
[workspace]
END
cat > "$work/tool/src/main.rs" <<'END'
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let mut tool = wasm_bindgen_cli_support::Bindgen::new();
    tool.web(true).unwrap().typescript(false).remove_name_section(true).remove_producers_section(true);
    tool.input_path(&args[1]).generate(&args[2]).unwrap();
}
END
cat > "$work/guest/Cargo.toml" <<END
[package]
name = "$name"
version = "0.0.0"
edition = "2021"
[lib]
path = "$here/$name.rs"
crate-type = ["cdylib"]
[dependencies]
wasm-bindgen = "=$version"
[profile.release]
opt-level = "s"
lto = true
codegen-units = 1
panic = "abort"
strip = "debuginfo"
[workspace]
END

# Messages of panics name source files. Those of this machine are nobody's business.
flags="${RUSTFLAGS:-} --remap-path-prefix=$here=."
for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
    flags="$flags --remap-path-prefix=$folder=/rust/deps"
done
(cd "$work/tool" && env -u RUSTC -u RUSTFLAGS CARGO_TARGET_DIR="$TARGET/tool-$version" "$cargo" build --quiet)
(cd "$work/guest" && RUSTC=$rustc RUSTFLAGS=$flags CARGO_TARGET_DIR="$TARGET/guest" \
    "$cargo" build --quiet --release --target wasm32-unknown-unknown)
"$TARGET/tool-$version/debug/tool" "$TARGET/guest/wasm32-unknown-unknown/release/$name.wasm" "$work/out"
cp "$work/out/${name}_bg.wasm" "$here/$name.wasm"
