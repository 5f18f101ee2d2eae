#!/bin/sh
# Rebuilds the guests that the tests use from their sources. Needs a rustc with the target
# wasm32-unknown-unknown: by rustup, or Debian's packages rustc and libstd-rust-dev-wasm32 with lld.
# RUSTC names another compiler.
set -eu
cd "$(dirname "$0")"
"${RUSTC:-rustc}" --edition 2021 --target wasm32-unknown-unknown --crate-type cdylib \
    -C opt-level=s -C panic=abort -C strip=symbols --remap-path-prefix "$PWD=." -o grower.wasm grower.rs
ls -l ./*.wasm
