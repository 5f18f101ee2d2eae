//! The cost of a frame of the full-screen interface: time and allocations, with memory that fills both panes with rows
//! that do not fold. Run with `cargo bench --bench frame`.

use crossterm::event::KeyCode;
use divan::{AllocProfiler, Bencher};
use linmem::front::Offscreen;
use linmem::session::{Options, Source};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A guest with this many pages of memory, the first full of bytes. It changes some of them.
fn guest(pages: usize) -> Source {
    let bytes: String = (0..60_000u32).map(|n| format!("\\{:02x}", n.wrapping_mul(2_654_435_761) >> 24)).collect();
    let text = format!(
        "(module (memory (export \"memory\") {pages}) (data (i32.const 0) \"{bytes}\")
            (func (export \"ptr\") (result i32) (i32.const 64))
            (func (export \"f\") (param i32) (result i32)
                (memory.fill (i32.const 70) (i32.const 33) (i32.const 40))
                (i32.add (local.get 0) (i32.const 8))))"
    );
    Source { name: "bench".to_owned(), bytes: text.into_bytes() }
}

/// A guest that calls as many imports as steps are recorded, and changes a byte before each call.
fn talkative() -> Source {
    let text = "(module (import \"env\" \"tick\" (func $tick (param i32))) (memory (export \"memory\") 1)
            (func (export \"ptr\") (result i32) (i32.const 64))
            (func (export \"f\") (param $n i32) (result i32) (local $i i32)
                (loop $again
                    (i32.store (i32.const 128) (local.get $i))
                    (call $tick (local.get $i))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $i) (i32.const 199990))))
                (local.get $n)))";
    Source { name: "bench".to_owned(), bytes: text.as_bytes().to_vec() }
}

fn screen((columns, rows): (u16, u16), pages: usize, exchanges: usize) -> Offscreen {
    let mut options = Options::default();
    options.limits.memory = 4 << 30;
    let mut screen = Offscreen::open(guest(pages), options, columns, rows).expect("it is sound");
    for number in 0..exchanges {
        screen.send(&format!("line {number}")).expect("it is sound");
    }
    screen.draw();
    screen
}

const SIZES: [(u16, u16); 4] = [(80, 24), (160, 45), (200, 60), (200, 120)];

/// A frame, with the focus on the line. The last size adds only memory rows to the one before, with the same
/// allocations: rows allocate nothing.
#[divan::bench(args = SIZES)]
fn frame(bencher: Bencher, size: (u16, u16)) {
    let mut screen = screen(size, 1, 1);
    bencher.bench_local(|| screen.draw().area);
}

/// The same with 4 GiB of memory, and after a thousand exchanges. It should cost no more.
#[divan::bench(args = [(1, 1000), (65_536, 1)])]
fn frame_of_large(bencher: Bencher, (pages, exchanges): (usize, usize)) {
    let mut screen = screen((200, 60), pages, exchanges);
    bencher.bench_local(|| screen.draw().area);
}

/// Moving the cursor in memory, and drawing the frame, with the inspector open.
#[divan::bench(args = SIZES)]
fn key_and_frame(bencher: Bencher, size: (u16, u16)) {
    let mut screen = screen(size, 1, 1);
    screen.press(KeyCode::Esc);
    let mut keys = [KeyCode::PageDown, KeyCode::Down, KeyCode::PageUp, KeyCode::Up].into_iter().cycle();
    bencher.bench_local(|| {
        screen.press(keys.next().expect("they go round"));
        screen.draw().area
    });
}

/// Paging down through 4 GiB.
#[divan::bench]
fn page_down_and_frame(bencher: Bencher) {
    let mut screen = screen((200, 60), 65_536, 1);
    screen.press(KeyCode::Esc);
    bencher.bench_local(|| {
        screen.press(KeyCode::PageDown);
        screen.draw().area
    });
}

/// A frame after a hundred thousand exchanges, without and with a move to another exchange.
#[divan::bench(args = [false, true])]
fn frame_of_long_timeline(bencher: Bencher, travel: bool) {
    let mut screen = screen((200, 60), 1, 100_000);
    let mut keys = [KeyCode::F(5), KeyCode::F(6)].into_iter().cycle();
    bencher.bench_local(|| {
        if travel {
            screen.press(keys.next().expect("they go round"));
        }
        screen.draw().area
    });
}

/// Moving to the next of two hundred thousand steps; and leaving and entering a call.
#[divan::bench(args = [KeyCode::F(8), KeyCode::F(2)])]
fn step_among_many(bencher: Bencher, key: KeyCode) {
    let mut options = Options::default();
    options.wish.stub_imports = true;
    let mut screen = Offscreen::open(talkative(), options, 200, 60).expect("it is sound");
    screen.send("line").expect("it is sound");
    screen.press(KeyCode::F(8));
    let mut keys = [key, if key == KeyCode::F(8) { key } else { KeyCode::F(8) }].into_iter().cycle();
    bencher.bench_local(|| {
        screen.press(keys.next().expect("they go round"));
        screen.draw().area
    });
}

/// Moving to a call that changed 64 MiB, and back.
#[divan::bench(sample_count = 10)]
fn step_onto_large_change(bencher: Bencher) {
    let text = "(module (memory (export \"memory\") 1025)
            (func (export \"ptr\") (result i32) (i32.const 64))
            (func (export \"f\") (param i32) (result i32)
                (memory.fill (i32.const 65536) (i32.const 33) (i32.const 0x4000000)) (local.get 0)))";
    let source = Source { name: "bench".to_owned(), bytes: text.as_bytes().to_vec() };
    let mut screen = Offscreen::open(source, Options::default(), 200, 60).expect("it is sound");
    screen.send("line").expect("it is sound");
    let mut keys = [KeyCode::F(7), KeyCode::F(8)].into_iter().cycle();
    bencher.bench_local(|| {
        screen.press(keys.next().expect("they go round"));
        screen.draw();
        screen.press(keys.next().expect("they go round"));
        screen.draw().area
    });
}

/// Moving along the timeline and back, a thousand exchanges before the present.
#[divan::bench]
fn step_in_the_past(bencher: Bencher) {
    let mut screen = screen((200, 60), 1, 1000);
    (0..990).for_each(|_| screen.press(KeyCode::F(5)));
    let mut keys = [KeyCode::F(6), KeyCode::F(5)].into_iter().cycle();
    bencher.bench_local(|| {
        screen.press(keys.next().expect("they go round"));
        screen.draw().area
    });
}
