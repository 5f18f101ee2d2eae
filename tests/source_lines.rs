//! Source lines of guests from four compilers (tests/guests/lines): breakpoints and steps by line, the line that wrote a
//! byte, and the line of a trap.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::hermetic;
use crate::piped::text;

/// The guests, with the path of their source as their compilers record it.
const GUESTS: [(&str, &str); 4] =
    [("c", "lines/c.c"), ("rust", "lines/rust.rs"), ("zig", "zig.zig"), ("assemblyscript", "lines/assemblyscript.ts")];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests/lines")
}

/// The number of the source line that ends in that comment.
fn line(file: &str, remark: &str) -> usize {
    let name = Path::new(file).file_name().expect("it is a file");
    let text = std::fs::read_to_string(folder().join(name)).expect("the source is in the repository");
    1 + text.lines().position(|line| line.ends_with(remark)).expect("the source has that comment")
}

/// What a script prints.
fn script(guest: &str, lines: &str) -> String {
    let mut command = hermetic::linmem();
    command.arg(folder().join(format!("{guest}.wasm"))).args(["--script", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    child.stdin.take().expect("it is piped").write_all(lines.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    text(&output.stdout) + &text(&output.stderr)
}

/// Where the guest stopped, in order.
fn stops(printed: &str) -> Vec<&str> {
    printed.lines().filter_map(|line| line.strip_prefix("stopped: in ")).collect()
}

/// The function and the line of a stop.
fn place<'a>(stop: &'a str, file: &str) -> (&'a str, usize) {
    let (function, rest) = stop.split_once(" at ").unwrap_or_else(|| panic!("{stop}"));
    let rest = rest.strip_prefix(file).and_then(|rest| rest.strip_prefix(':')).unwrap_or_else(|| panic!("{stop}"));
    let number = rest.split([':', ' ']).next().and_then(|number| number.parse().ok());
    (function, number.unwrap_or_else(|| panic!("{stop}")))
}

#[test]
fn a_breakpoint_on_a_line_stops_there_and_a_step_out_in_its_caller() {
    for (guest, file) in GUESTS {
        let (stores, calls) = (line(file, "// stores"), line(file, "// calls"));
        let name = file.rsplit('/').next().expect("it has a name");
        let printed = script(
            guest,
            &format!(":break {name}:{stores}\nab\n:frames\n:unbreak all\n:step out\n:continue\n:expect AB\n"),
        );
        let stops = stops(&printed);
        assert!(stops.len() == 2 && printed.contains("all good"), "{guest}: {printed}");
        assert!(stops[0].contains("(breakpoint 1)") && place(stops[0], file).1 == stores, "{guest}: {printed}");
        assert!(place(stops[0], file).0.ends_with("put") && place(stops[1], file).0.ends_with("shout"), "{printed}");
        let caller = printed.lines().find(|line| line.starts_with("called by ")).expect("it has a caller");
        assert_eq!(place(caller, file).1, calls, "{guest}: {printed}");
    }
}

#[test]
fn a_step_goes_to_another_line_and_into_calls() {
    for (guest, file) in GUESTS {
        let calls = line(file, "// calls");
        let steps = ":step in\n".repeat(6);
        let printed =
            script(guest, &format!(":break {file}:{calls}\nab\n:unbreak all\n{steps}:continue\n:expect AB\n"));
        let stops = stops(&printed);
        assert!(stops.len() == 7 && printed.contains("all good"), "{guest}: {printed}");
        assert_eq!(place(stops[0], file).1, calls, "{guest}: {printed}");
        assert!(place(stops[1], file).0.ends_with("put"), "the first step is into the call: {printed}");
        // Without the column: each step goes to another line, perhaps of a library.
        let lines: Vec<_> = stops.iter().map(|stop| stop.rsplit_once(':').map(|(line, _)| line)).collect();
        assert!(lines.windows(2).all(|pair| pair[0] != pair[1]), "{guest}: {printed}");
        // Over the call, to the next iteration or past it, but not into it.
        let printed =
            script(guest, &format!(":break {file}:{calls}\nab\n:unbreak all\n:step\n:continue\n:expect AB\n"));
        let places: Vec<_> = self::stops(&printed).into_iter().map(|stop| place(stop, file)).collect();
        assert!(places.len() == 2 && places[1].0.ends_with("shout") && places[1].1 != calls, "{guest}: {printed}");
    }
}

#[test]
fn the_line_that_wrote_a_byte_and_the_line_that_trapped_are_named() {
    for (guest, file) in GUESTS {
        let (stores, traps) = (line(file, "// stores"), line(file, "// traps"));
        let printed = script(guest, "ab\n:writers output\n!\n");
        let writer = printed.lines().rfind(|line| line.contains("  store ")).expect("it is listed");
        assert!(writer.contains("put at ") && writer.ends_with(&format!("{file}:{stores}")), "{guest}: {printed}");
        assert!(printed.contains(&format!("{file}:{traps}:")), "{guest}: {printed}");
    }
}

#[test]
fn a_line_without_code_is_refused_with_what_there_is() {
    for (guest, file) in GUESTS {
        let name = file.rsplit('/').next().expect("it has a name");
        let printed = script(guest, &format!(":break {name}:1\n:break none.c:9\n"));
        let near = format!("no code begins at line 1 of `{name}`; the nearest lines with code: ");
        assert!(printed.contains(&near), "{guest}: {printed}");
        let files = format!("the module has no source file `none.c`; it has {file}");
        assert!(printed.contains(&files), "{guest}: {printed}");
    }
}
