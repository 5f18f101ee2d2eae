//! What the guest costs in the pipe: a million short lines through the guest that comes along, and through the
//! same loop with the transform in Rust. Run with `cargo bench --bench pipe`; compare the two medians.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use linmem::front::{Lines, Piece};
use linmem::guest::Watch;
use linmem::session::{Live, Options, Source};

const LINES: usize = 1_000_000;
/// Answers gather up to this many bytes, and are dropped then.
const GATHER: usize = 64 << 10;

fn main() {
    divan::main();
}

/// A million lines of 36 bytes and a line feed.
fn input() -> Vec<u8> {
    (0..LINES).flat_map(|n| format!("line {n:07} abcdefghijklmnopqrstuvw\n").into_bytes()).collect()
}

/// The pipe's loop, with anything that appends an answer for a line.
fn pump(input: &[u8], mut answer: impl FnMut(&[u8], &mut Vec<u8>)) {
    let mut lines = Lines::new(input, b'\n', usize::MAX);
    let mut out = Vec::with_capacity(2 * GATHER);
    loop {
        match lines.piece() {
            Piece::Line(line, _) => {
                answer(line, &mut out);
                out.push(b'\n');
                if out.len() >= GATHER {
                    black_box(&out);
                    out.clear();
                }
            }
            Piece::Wanting => lines.fill().expect("a slice never fails"),
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
        pump(&input, |line, out| live.answer(line, out).expect("it fits"));
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
