//! Exchanges whose bytes are no longer kept stay listed.

use super::*;
use crate::front::output_format::OutputFormat;
use crate::guest::Passes;

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
    assert!(shown.contains("the bytes of exchange 1 are no longer kept; outcome: aa"), "{shown}");
}

#[test]
fn exchanges_without_their_bytes_keep_the_exact_ranges_that_they_wrote_and_are_saved_with_them() {
    let options = Options { trace: Passes { stores: true, ..Passes::default() }, ..Options::default() };
    let source = Source { name: "guest.wat".to_owned(), bytes: FILLS.as_bytes().to_vec() };
    let mut bench = Bench::on(source, options, Theme::COLORED);
    bench.full.app.session.set_history(300_000);
    ["aa", "bb", "cc", "dd", "ee"].iter().for_each(|line| bench.send(line));
    let oldest = bench.full.app.session.run().oldest();
    assert!(oldest > 1, "128 KiB each are more than what is kept");
    let file = std::env::temp_dir().join(format!("linmem-listed-{}", std::process::id()));
    let mut asked = Vec::new();
    for saved in [false, true] {
        let mut ask = |command: &str| {
            bench.send(command);
            let shown = text(&bench.settled(180, 40));
            if bench.mode() != Mode::Input {
                bench.key(KeyCode::Esc);
            }
            shown
        };
        if saved {
            ask(&format!(":save {}", file.display()));
            assert!(ask(&format!(":load {}", file.display())).contains("opened"));
        }
        let shown = ask(":exchange 1");
        assert!(
            shown.contains("outcome: aa; written: the host 2 B at 0x40..0x42, the guest 65,536 B at 0x10000..0x20000"),
            "{shown}"
        );
        let shown = ask(":writers 0x12345");
        assert!(shown.contains("exchange 1  stores 65,536 B at 0x10000..0x20000  bytes not kept"), "{shown}");
        assert!(shown.contains("exchange 5 step 3  fill 65,536 B at 0x10000..0x20000"), "{shown}");
        let only = format!("only the written ranges of the start and exchanges 1 to {} are kept", oldest - 1);
        assert!(shown.contains(&only), "{shown}");
        let shown = ask(":expect unwritten 0x800..0x900");
        assert!(shown.contains("as expected"), "{shown}");
        let shown = ask(":expect unwritten 0x41");
        assert!(shown.contains("expected 1 B at 0x41..0x42 unwritten, found: exchange 1  host write 2 B"), "{shown}");
        let run = bench.full.app.session.run();
        let mut out = Vec::new();
        OutputFormat::Json.write(&mut out, 1, run, 1, &[]).expect("a vector takes all");
        asked.push(out);
    }
    let json: serde_json::Value = serde_json::from_slice(&asked[0]).expect("it is JSON");
    assert_eq!(json["written"][1]["ranges"], serde_json::json!([[0x10000, 0x20000]]));
    assert_eq!((&json["written"][1]["by"], &json["changes"]), (&"guest".into(), &serde_json::json!([])));
    assert_eq!(asked[0], asked[1], "the saved session has the same");
    std::fs::remove_file(file).expect("it was written");
}
