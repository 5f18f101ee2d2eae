//! The cost of the guest in the pipe: a million short lines through built-in guests, with compiled recipes as in the
//! pipe (`compiled`), with recipes run step by step as when recording (`steps`), with the same steps written in Rust
//! (`by_hand`), and with the transform in Rust (`native`). Run with `cargo bench --bench pipe`, and compare the
//! medians.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use linmem::abi::InputLine;
use linmem::front::{Lines, Piece};
use linmem::guest::{Boundary, Code, Func, Guest, Limits, NoHost, Watchdog};
use linmem::session::{Live, Options, Source};

const LINES: usize = 1_000_000;
/// Answers are buffered up to this many bytes, then dropped.
const GATHER: usize = 64 << 10;

fn main() {
    divan::main();
}

/// A file of a million lines, 36 bytes each plus a line feed.
fn input() -> PathBuf {
    let path = std::env::temp_dir().join(format!("linmem-bench-{}.txt", std::process::id()));
    let lines: Vec<u8> =
        (0..LINES).flat_map(|n| format!("line {n:07} abcdefghijklmnopqrstuvw\n").into_bytes()).collect();
    std::fs::write(&path, lines).expect("the folder for temporary files is writable");
    path
}

/// The pipe's loop without output, with any function that appends the answer for a line.
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

/// The pipe's loop with batches of lines.
fn pump_batches(input: &Path, live: &mut Live) {
    let file = File::open(input).expect("it was written");
    let mut nowhere = OpenOptions::new().write(true).open("/dev/null").expect("every Unix has it");
    let mut lines = Lines::new(file, b'\n', usize::MAX);
    let mut out = Vec::with_capacity(2 * GATHER);
    loop {
        while !lines.whole().is_empty() {
            let done = live.answers(lines.whole(), b'\n', &mut out);
            done.ended.into_result().expect("it fits");
            lines.skip(done.bytes);
            if out.len() >= GATHER {
                nowhere.write_all(&out).expect("nowhere has room");
                out.clear();
            }
        }
        match lines.piece() {
            Piece::Wanting => lines.fill().expect("the file is readable"),
            Piece::End => return,
            Piece::Line(..) | Piece::TooLong(_) => unreachable!("whole lines are all there is"),
        }
    }
}

fn open(name: &str) -> Live {
    let options = Options::default();
    let watch = Watchdog::new(options.limits.time);
    let source = Source::find(Path::new(name)).expect("it comes along");
    Live::open(&source, &options, watch).expect("it comes along").0
}

/// The guests: a static buffer; an allocator, with lines in capitals; the same with answers that end in a zero byte,
/// which must be searched for.
const GUESTS: [&str; 3] = ["passing-data", "packed", "c-string"];

/// With the recipe as the pipe runs it.
#[divan::bench(args = GUESTS, sample_count = 7, sample_size = 1)]
fn compiled(bencher: Bencher, name: &str) {
    let input = input();
    let mut live = open(name);
    assert!(live.warm_up());
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| pump_batches(&input, &mut live));
}

/// With the recipe, step by step.
#[divan::bench(args = GUESTS, sample_count = 7, sample_size = 1)]
fn steps(bencher: Bencher, name: &str) {
    let input = input();
    let mut live = open(name);
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        pump(&input, |line, out| {
            live.answer(InputLine { bytes: line, ended: true }, out).into_result().expect("it fits");
        });
    });
}

/// Compiling a recipe, which the pipe does after many lines.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn compile(bencher: Bencher) {
    bencher.with_inputs(|| open("packed")).bench_local_values(|mut live| live.warm_up());
}

/// With an exchange written in Rust, using these exports.
fn run_by_hand<const N: usize>(
    bencher: Bencher<'_, '_>,
    name: &str,
    exports: [&str; N],
    mut exchange: impl FnMut(&mut Guest, &[Func; N], &[u8], &mut Vec<u8>),
) {
    let input = input();
    let limits = Limits::default();
    let watch = Watchdog::new(limits.time);
    let source = Source::find(Path::new(name)).expect("it comes along");
    let code = Code::read(&source.name, &source.bytes).expect("it comes along");
    let mut guest = code.compile(limits).and_then(|program| program.instantiate(&watch)).expect("it comes along");
    let funcs = exports.map(|name| guest.func(name).expect("it is exported"));
    bencher.counter(ItemsCount::new(LINES)).bench_local(|| {
        pump(&input, |line, out| watch.during(|| exchange(&mut guest, &funcs, line, out)));
    });
}

/// Calls an export, and returns the bits of its result.
fn call(guest: &mut Guest, func: &Func, args: &[u64]) -> u64 {
    guest.call_bits(func, args, &mut NoHost).expect("it returns")
}

/// The same steps, written in Rust.
mod by_hand {
    use super::*;

    #[divan::bench(sample_count = 7, sample_size = 1)]
    fn passing_data(bencher: Bencher) {
        let exports = ["get_wasm_memory_buffer_pointer", "add_wasm_is_cool"];
        run_by_hand(bencher, "passing-data", exports, |guest, [pointer, transform], line, out| {
            let addr = call(guest, pointer, &[]);
            assert!(line.len() <= black_box(1024));
            guest.write(0, addr, line).expect("it fits");
            let len = call(guest, transform, &[line.len() as u64]);
            assert!(len < 1 << 31);
            let addr = call(guest, pointer, &[]);
            guest.read(0, addr, len, out).expect("it fits");
        });
    }

    #[divan::bench(sample_count = 7, sample_size = 1)]
    fn packed(bencher: Bencher) {
        run_by_hand(bencher, "packed", ["alloc", "shout", "dealloc"], |guest, [alloc, shout, dealloc], line, out| {
            let n = line.len() as u64;
            let ptr = call(guest, alloc, &[n]);
            assert!(ptr != 0);
            guest.write(0, ptr, line).expect("it fits");
            let packed = call(guest, shout, &[ptr, n]);
            let (answer, len) = (packed >> 32, packed & 0xffff_ffff);
            guest.read(0, answer, len, out).expect("it fits");
            call(guest, dealloc, &[ptr, n]);
            if answer != ptr {
                call(guest, dealloc, &[answer, len]);
            }
        });
    }

    #[divan::bench(sample_count = 7, sample_size = 1)]
    fn c_string(bencher: Bencher) {
        let mut text = Vec::new();
        run_by_hand(bencher, "c-string", ["malloc", "shout", "free"], |guest, [malloc, shout, free], line, out| {
            let room = line.len() as u64 + 1;
            let ptr = call(guest, malloc, &[room]);
            assert!(ptr != 0);
            text.clear();
            text.extend_from_slice(line);
            text.push(0);
            guest.write(0, ptr, &text).expect("it fits");
            let answer = call(guest, shout, &[ptr]);
            assert!(answer != 0);
            let from = usize::try_from(answer).expect("it fits");
            let len = memchr::memchr(0, &guest.bytes(0)[from..]).expect("it ends");
            guest.read(0, answer, len as u64, out).expect("it fits");
            call(guest, free, &[ptr]);
        });
    }
}

/// Copies into a "memory", transforms there, copies out.
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
