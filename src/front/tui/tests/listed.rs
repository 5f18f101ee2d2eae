//! Exchanges whose bytes are no longer kept stay listed.

use super::*;

/// A guest that fills a page with the first byte of the line.
const FILLS: &str = r#"(module (memory (export "memory") 2)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param $n i32) (result i32)
        (memory.fill (i32.const 0x10000) (i32.load8_u (i32.const 64)) (i32.const 0x10000))
        (local.get $n)))"#;

#[test]
fn the_oldest_exchanges_lose_their_bytes_and_stay_listed() {
    let mut bench = Bench::wat(FILLS);
    bench.full.app.session.set_history(300_000);
    ["aa", "bb", "cc", "dd", "ee"].iter().for_each(|line| bench.send(line));
    assert!(bench.full.app.session.run().oldest() > 1, "128 KiB each are more than what is kept");
    bench.keys("\x1b\t\t\t\t");
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("aa => aa (bytes not kept)"), "{shown}");
    bench.keys(":exchange 1");
    bench.key(KeyCode::Enter);
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("the bytes of exchange 1 are no longer kept; it ended with aa"), "{shown}");
}
