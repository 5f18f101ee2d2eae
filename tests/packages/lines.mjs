// The lines that a package is sent: node lines.mjs NAME

const utf8 = "Zażółć gęślą jaźń, 日本語, e\u0301, 🦀";
const long = "All work and no play makes a guest slow. ".repeat(2500);
const every = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const texts = ["", "Did you know", " ", "a\tb\r", utf8, long];
const hexes = ["", "00", every.toString("hex"), "0123456789abcdef".repeat(4), Buffer.from(long).toString("hex")];

/** Whatever takes any bytes takes these; only the line feed, which ends a line, is left out. */
const bytes = [...texts, every.filter((byte) => byte !== 10), Buffer.from([0xff, 0xfe, 0xc3, 0x28])];

const packages = {
  gofmt: ["", "x:=1", "func  f( ){\treturn}", `var s="${utf8}"`, `var l="${long}"`, "func {", "a+b*c // same"],
  "dprint-json": [
    "", "[ 1,2 ]", '{"a":1,"b":[true,null]}', `{"text":"${utf8}"}`, `[${"1,".repeat(9999)}1]`, '{"a": 1}', "{", "1 2",
  ],
  "dprint-toml": ["", "a=1", "[x]", `text = "${utf8}"`, `list = [${"1,".repeat(9999)}1]`, "a = 1", "a =", "= 1"],
  "pii-shield": [
    ...texts.slice(1), "password=hunter2supersecret", "card 4111111111111111 of ann@example.com", '{"token":"ghp_16C7e42F292c"}',
  ],
  graphviz: [
    "digraph { a -> b }", "graph { x -- y -- z -- x }", `digraph { "${utf8}" -> b }`, "", "digraph {", "nonsense",
    `digraph { ${Array.from({ length: 100 }, (_, place) => `n${place} -> n${place + 1};`).join(" ")} }`,
  ],
  "licence-plate": [...texts, "B AB 1234", "M-XY 99", "B AB 1234E", "1234", "KÖL AB 123", "ÖÖ"],
  vt100: [...bytes, "\x1b[2J\x1b[H", "\x1b[31mred\x1b[0m and \x1b[5;10Hhere", utf8, "\x1b[2J\x1b[3;3H\x1b[7mback\x1b[1;1Hagain"],
  secp256k1: [
    "00".repeat(31) + "01", "00".repeat(31) + "02", "0123456789abcdef".repeat(4), "00".repeat(32), "ff".repeat(32), "", "0102",
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140",
  ],
  mitex: [
    "", "x^2", "\\frac{a}{b} + \\sqrt{2}", "\\sum_{i=0}^n \\alpha_i", `\\text{${utf8}}`, `${"x + ".repeat(5000)}x`, "\\frac{a", "}",
  ],
  distance: [...texts.slice(0, 5), "sitting", "kitten", "kitte", long.slice(0, 2000)],
  "source-map": [
    "", "AAAA", "AAAA,CAAC,SAAS", ";;AACA;AADA,IAAIA", `AAAA${",CAAC".repeat(5000)}`, "A", "!", "AAAA,", utf8, "DDDD", "gggggggggggg",
  ],
  sax: [
    ...texts.slice(0, 5), "<a>hi</a>", '<a b="c"><d>e</d><f/>g</a>', `<x>${utf8}</x>`, `<long>${long}</long>`, "<!-- no --><p>yes</p>",
    "<a", "<unclosed>text",
  ],
  md4w: [
    ...texts.slice(1), "# Title", "*one* **two** `three`", `a list: <http://example.com> ~~old~~ ${utf8}`, "| a | b |", "<b>html</b>",
  ],
  xxhash: bytes,
  lz4: texts,
  sha1: hexes,
  lodepng: [
    "00".repeat(16), "ff".repeat(16), "ff0000ff00ff00ff0000ffffffffff80", "0123456789abcdeffedcba9876543210", "", "0102", every.toString("hex"),
  ],
  zstd: hexes,
  micropython: [
    "", "print(1 + 1)", `print("${utf8}".upper())`, "for i in range(3): print(i)", `print(len("${long.slice(0, 5000)}"))`, "print(2 ** 200)",
    "import json; print(json.dumps({'a': [1, None]}))", "print('no end', end='')", "1 / 0", "print(", "import sys; sys.exit(3)",
  ],
  "pipe-reverse": texts,
  quickjs: [
    "", "1+1", "'abc'.toUpperCase()", `'${utf8}'.length`, `'${utf8}'.normalize('NFC')`, `'${long}'.replaceAll('work', 'play')`,
    "JSON.stringify({a: [1, {b: null}]})", "nothing", "throw new Error('no')", "[...'🦀x'].length", "var seen = (this.seen || 0) + 1; seen",
    "seen + 1", "1 +",
  ],
  sqlite: [
    "select 1 + 1", "select upper('abc')", `select '${utf8}'`, `select length('${long}')`, `select replace('${long}', 'work', 'play')`,
    "create table t(a); select 1", "create table t(a)", "insert into t values (1), (2), (3.5)", "select sum(a) from t", "select nothing from t",
    "select null", "select hex(x'00ff')", "syntax error", "select json_extract('{\"a\":[1,2]}', '$.a[1]')",
  ],
  "anan-as": [
    "00000301010007", "00000633080133090129ff", "00000733080133090128ff49", "000001000001", `00008fa0${"01".repeat(4000)}${"ff".repeat(500)}`,
    "", "00", "0000ff01",
  ],
  arcjet: [
    "", "hello", '{"ip":"1.2.3.4"}', '{"ip":"::1","headers":{"user-agent":"x"}}', `{"ip":"8.8.8.8","path":"/${utf8}"}`, '{"ip":""}', "{}",
    `{"ip":"8.8.4.4","path":"/${long}"}`, '{"ip":"192.168.1.1"}', '{"ip":"2001:db8::1","method":"GET"}',
  ],
  redact: [
    "", "hello", "write to bob@example.com please", "call +1 555 123 4567 now", "from 127.0.0.1 and 10.0.0.1", `${utf8} a@b.de`,
    "4242424242424242", `${long} a@b.org`,
  ],
};

const lines = packages[process.argv[2]];
process.stdout.write(Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from("\n")])));
