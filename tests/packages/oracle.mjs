// What the npm packages themselves answer: the lines of standard input, each through a package's own API.
//
//     node oracle.mjs NAME FOLDER < lines
//
// FOLDER is where the packages are installed. For a line that the package refuses an empty line is
// written, as linmem does, and on standard error its number and why.

import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [name, folder] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(folder), "package.json"));
const file = (...parts) => path.join(path.resolve(folder), "node_modules", ...parts);
const module = (...parts) => import(pathToFileURL(file(...parts)).href);
const wasm = async (...parts) => new WebAssembly.Module(fs.readFileSync(file(...parts)));

/** A package whose API takes a text. */
const text = (answer) => (line) => answer(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line));
/** A package whose API takes and returns bytes: lines and answers are hexadecimal digits. */
const hex = (answer) => (line) => Buffer.from(answer(new Uint8Array(Buffer.from(line.toString(), "hex")))).toString("hex");

function dprint(plugin, filePath) {
  const { createFromBuffer } = require("@dprint/formatter");
  const formatter = createFromBuffer(fs.readFileSync(require(plugin).getPath()));
  return text((fileText) => formatter.formatText({ filePath, fileText }));
}

const packages = {
  async gofmt() {
    const { format } = await module("@wasm-fmt/gofmt/gofmt_node.js");
    return text(format);
  },

  "dprint-json": () => dprint("@dprint/json", "file.json"),
  "dprint-toml": () => dprint("@dprint/toml", "file.toml"),

  async secp256k1() {
    const { pointFromScalar } = require("tiny-secp256k1");
    return hex((key) => pointFromScalar(key, true));
  },

  async mitex() {
    const mitex = await module("mitex-wasm/mitex_wasm_bg.js");
    const instance = new WebAssembly.Instance(await wasm("mitex-wasm/mitex_wasm_bg.wasm"), {
      "./mitex_wasm_bg.js": mitex,
    });
    mitex.__wbg_set_wasm(instance.exports);
    return text((line) => mitex.convert_math(line, new Uint8Array()));
  },

  async distance() {
    const distance = await module("@nlptools/distance-wasm/distance_wasm_bg.js");
    const instance = new WebAssembly.Instance(await wasm("@nlptools/distance-wasm/distance_wasm_bg.wasm"), {
      "./distance_wasm_bg.js": distance,
    });
    distance.__wbg_set_wasm(instance.exports);
    instance.exports.__wbindgen_start();
    return text((line) => String(distance.levenshtein(line, "kitten")));
  },

  async "source-map"() {
    const { SourceMapConsumer } = require("source-map");
    const sources = Array.from({ length: 64 }, (_, place) => `${place}`);
    const answer = async (mappings) => {
      const map = { version: 3, sources, names: sources, mappings };
      return SourceMapConsumer.with(map, null, (consumer) => {
        const seen = [];
        consumer.eachMapping((m) => {
          const original = m.source === null ? "" : `=${m.source}:${m.originalLine - 1}:${m.originalColumn}`;
          seen.push(`${m.generatedLine - 1}:${m.generatedColumn}${original} `);
        });
        return seen.join("");
      });
    };
    return text(answer);
  },

  async sax() {
    const { SAXParser, SaxEventType } = require("sax-wasm");
    const parser = new SAXParser(SaxEventType.Text | SaxEventType.CloseTag);
    await parser.prepareWasm(await wasm("sax-wasm/lib/sax-wasm.wasm"));
    return (line) => {
      const seen = [];
      parser.eventHandler = (event, detail) => {
        seen.push(event === SaxEventType.Text ? detail.value : `/${detail.name}`);
      };
      parser.write(line);
      parser.end();
      return seen.join("");
    };
  },

  async lz4() {
    return require("lz4-wasm-nodejs").compress;
  },

  async md4w() {
    const { init, mdToHtml } = await module("md4w/js/index.js");
    await init("small");
    return text((line) => mdToHtml(line));
  },

  async xxhash() {
    const { default: xxhash } = await module("xxhash-wasm/esm/xxhash-wasm.js");
    const { create64 } = await xxhash();
    return (line) => create64().update(line).digest().toString(16).padStart(16, "0");
  },

  async sha1() {
    const mtcute = await module("@mtcute/wasm/index.js");
    mtcute.initSync(await wasm("@mtcute/wasm/mtcute.wasm"));
    return hex(mtcute.sha1);
  },

  async lodepng() {
    const { encode } = require("@cwasm/lodepng");
    return hex((data) => {
      if (data.length !== 16) throw new Error("not 2 by 2 pixels");
      return encode({ data, width: 2, height: 2 });
    });
  },

  async zstd() {
    const zstd = require("@bokuweb/zstd-wasm");
    await zstd.init();
    return hex((bytes) => zstd.compress(bytes, 3));
  },

  async "pipe-reverse"() {
    const { init, WASI } = require("@wasmer/wasi");
    await init();
    const program = await wasm("@wasmer/wasi/tests/pipe_reverse.wasm");
    return text((line) => {
      const wasi = new WASI({});
      wasi.instantiate(program, {});
      wasi.setStdinString(`${line}\n`);
      const status = wasi.start();
      if (status !== 0) throw new Error(`exit status ${status}`);
      return wasi.getStdoutString().replace(/\n$/, "");
    });
  },

  async quickjs() {
    const { newQuickJSWASMModuleFromVariant } = require("quickjs-emscripten-core");
    const quickjs = await newQuickJSWASMModuleFromVariant(require("@jitl/quickjs-wasmfile-release-sync"));
    const context = quickjs.newContext();
    return text((line) => {
      const value = context.unwrapResult(context.evalCode(line, ""));
      return context.getString(value);
    });
  },

  async sqlite() {
    const { default: init } = await module("@sqlite.org/sqlite-wasm/sqlite-wasm/jswasm/sqlite3-node.mjs");
    const sqlite = await init({ print() {}, printErr() {} });
    const db = new sqlite.oo1.DB();
    return text((line) => db.selectValue(line, undefined, sqlite.capi.SQLITE_TEXT).toString());
  },

  async "anan-as"() {
    const { disassemble } = await module("@fluffylabs/anan-as/dist/build/release.js");
    return (line) => disassemble([...Buffer.from(line.toString(), "hex")], 0, 1);
  },

  async arcjet() {
    const { instantiate } = await module("@arcjet/analyze-wasm/wasm/arcjet_analyze_js_req.component.js");
    const none = new Proxy({}, { get: () => () => "unknown" });
    const root = await instantiate((core) => wasm("@arcjet/analyze-wasm/wasm", core), {
      "arcjet:js-req/bot-identifier": none,
      "arcjet:js-req/email-validator-overrides": none,
      "arcjet:js-req/filter-overrides": none,
      "arcjet:js-req/sensitive-information-identifier": none,
      "arcjet:js-req/verify-bot": none,
    });
    return text((line) => root.generateFingerprint(line, []));
  },

  // linmem opens the component itself; the package's API is what jco made of it.
  async redact() {
    const { instantiate } = await module("@arcjet/redact-wasm/wasm/arcjet_analyze_bindings_redact.component.js");
    const root = await instantiate((core) => wasm("@arcjet/redact-wasm/wasm", core), {
      "arcjet:redact/custom-redact": { detectSensitiveInfo: () => [], redactSensitiveInfo: () => undefined },
    });
    const options = { skipCustomDetect: true, skipCustomRedact: true };
    return text((line) => {
      const [first] = root.redact(line, options);
      return first ? `${first.original} => ${first.redacted}` : "nothing found";
    });
  },
};

const answer = await packages[name]();
const input = fs.readFileSync(0);
let start = 0;
for (let number = 1; start < input.length; number++) {
  const end = input.indexOf(10, start);
  const line = input.subarray(start, end < 0 ? input.length : end);
  start = end < 0 ? input.length : end + 1;
  try {
    const bytes = await answer(line);
    fs.writeSync(1, Buffer.concat([Buffer.from(bytes), Buffer.from("\n")]));
  } catch (error) {
    fs.writeSync(1, "\n");
    fs.writeSync(2, `line ${number}: ${String(error).split("\n")[0]}\n`);
  }
}
