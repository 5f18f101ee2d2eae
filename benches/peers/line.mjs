// The convention of assets/guests/passing-data.wat in JavaScript, for each line of stdin. The argument is that guest, as
// a binary.

import { readFileSync } from "node:fs";
import { argv, stdin, stdout } from "node:process";
import { createInterface } from "node:readline";

const { instance } = await WebAssembly.instantiate(readFileSync(argv[2]));
const { memory, get_wasm_memory_buffer_pointer: pointer, add_wasm_is_cool: transform } = instance.exports;
const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];

function answer(line) {
  const bytes = encoder.encode(line);
  new Uint8Array(memory.buffer, pointer(), bytes.length).set(bytes);
  const len = transform(bytes.length);
  return decoder.decode(new Uint8Array(memory.buffer, pointer(), len));
}

let out = [];
for await (const line of createInterface({ input: stdin })) {
  out.push(answer(line), "\n");
  if (out.length > 4096) {
    stdout.write(out.join(""));
    out = [];
  }
}
stdout.write(out.join(""));
