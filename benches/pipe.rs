//! What the guest costs in the pipe: a million short lines through the guest that comes along, by its recipe and by
//! the same crossings written in Rust, and through the same loop with the transform in Rust. Run with
//! `cargo bench --bench pipe`, and compare the medians.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use linmem::abi::Line;
use linmem::front::{Lines, Piece};
use linmem::guest::{Boundary, Code, Guest, Limits, NoHost, Watch};
use linmem::record::Value;
use linmem::session::{Live, Options, Source};

const LINES: usize = 1_000_000;
/// Answers gather up to this many bytes, and are dropped then.
const GATHER: usize = 64 << 10;

fn main() {
    divan::main();
}

/// A file with a million lines of 36 bytes and a line feed.
fn input() -> PathBuf {
    let path = std::env::temp_dir().join(format!("linmem-bench-{}.txt", std::process::id()));
    let lines: Vec<u8> =
        (0..LINES).flat_map(|n| format!("line {n:07} abcdefghijklmnopqrstuvw\n").into_bytes()).collect();
    std::fs::write(&path, lines).expect("the folder for temporary files is writable");
    path
}

/// The pipe's loop from a file to nowhere, with anything that appends an answer for a line.
fn pump(input: &Path, mut answer: impl FnMut(&[u8], &mut Vec<u8>)) {
    let file = File::open(input).expect("it was written");
    let mut nowhere = OpenOptions::new().write(true).open("/dev/null").expect("every Unix has it");
    let mut lines = Lines::new(file, b'\n', usize::MAX);
    let mut out = Vec::with_capacity(2 * GATHER);
    loop {
        match lines.piece() {
            Piece::Line(line, _) => {
                answer(line, &mut out);
                out.push(b'\n');
                if out.len() >= GATHER {
                    nowhere.write_all(&out).expect("nowhere has room");
                    out.clear();
                }
            }
            Piece::Wanting => lines.fill().expect("the file is readable"),
            Piece::TooLong(_) => unreachable!("there is no limit"),
            Piece::End => return,
        }
    }
}

#[divan::bench(sample_count = 7, sample_size = 1)]
fn guest(bencher: Bencher) {
    let input = input();
    let options = Options::default();
    let watch = Watch::new(options.limits.time);
    let (mut live, _) = Live::open(&Source::default_guest(), &options, watch).expect("it comes along");
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        pump(&input, |line, out| live.answer(Line { bytes: line, ended: true }, out).expect("it fits"));
    });
}

/// The same crossings without the recipe.
#[divan::bench(sample_count = 7, sample_size = 1)]
fn guest_by_hand(bencher: Bencher) {
    let input = input();
    let limits = Limits::default();
    let watch = Watch::new(limits.time);
    let source = Source::default_guest();
    let program =
        Code::read(&source.name, &source.bytes).and_then(|code| code.compile(limits)).expect("it comes along");
    let mut guest = program.instantiate(&watch).expect("it comes along");
    let func = |guest: &Guest, name| guest.func(name).expect("it is exported");
    let pointer = func(&guest, "get_wasm_memory_buffer_pointer");
    let transform = func(&guest, "add_wasm_is_cool");
    let number = |results: &[Value]| results[0].unsigned().expect("it is a number");
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        pump(&input, |line, out| {
            watch.during(|| {
                let addr = number(guest.call(&pointer, &[], &mut NoHost).expect("it returns"));
                assert!(line.len() <= black_box(1024));
                guest.write(0, addr, line).expect("it fits");
                let len = Value::I32(i32::try_from(line.len()).expect("it is short"));
                let len = number(guest.call(&transform, &[len], &mut NoHost).expect("it fits"));
                let addr = number(guest.call(&pointer, &[], &mut NoHost).expect("it returns"));
                guest.read(0, addr, len, out).expect("it fits");
            });
        });
    });
}

/// The same: copy into a "memory", transform there, copy out.
#[divan::bench(sample_count = 7, sample_size = 1)]
fn native(bencher: Bencher) {
    let input = input();
    let mut memory = vec![0; 65_536];
    let transform: fn(&mut [u8], usize, usize) -> usize = black_box(add_wasm_is_cool);
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        pump(&input, |line, out| {
            let addr = black_box(0x410);
            memory[addr..addr + line.len()].copy_from_slice(line);
            let len = transform(&mut memory, addr, line.len());
            out.extend_from_slice(&memory[addr..addr + len]);
        });
    });
}

#[inline(never)]
fn add_wasm_is_cool(memory: &mut [u8], addr: usize, len: usize) -> usize {
    memory[addr + len..addr + len + 14].copy_from_slice(b" Wasm is cool!");
    len + 14
}
