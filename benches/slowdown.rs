//! How much slower a guest is while its stores, or its stores and loads, are recorded: `cargo bench --bench slowdown`,
//! with a part of a guest's name to run only that one.
//!
//! All three do the same work in turn, because the machine may be faster in one second than in the next. A row has the
//! medians in milliseconds, and the median, least and greatest of the ratios of each round. The module that is not
//! recorded has checks for interrupts, like any guest.
//!
//! `TRACE_QUICKJS` and `TRACE_SQLITE` name the modules of the packages `@jitl/quickjs-wasmfile-release-sync` and
//! `@sqlite.org/sqlite-wasm` (see `tests/packages`). Without them, only the guest in this file is measured.

mod traced;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use linmem::abi::InputLine;
use linmem::guest::Passes;
use linmem::session::Live;
use traced::{OFF, STORES, TURN, live};

const LOADS: Passes = Passes { stores: true, loads: true, pauses: false };

/// How often each guest works, after it did so once to begin with.
const ROUNDS: usize = 15;

/// Reverses a line 20,000 times, byte by byte.
const LOOP: &str = r#"(module (memory (export "memory") 1)
    (func (export "turn") (param $at i32) (param $len i32) (local $i i32) (local $j i32) (local $n i32) (local $b i32)
        (local.set $n (i32.const 20000))
        (loop $again
            (local.set $i (local.get $at))
            (local.set $j (i32.sub (i32.add (local.get $at) (local.get $len)) (i32.const 1)))
            (loop $swap
                (local.set $b (i32.load8_u (local.get $i)))
                (i32.store8 (local.get $i) (i32.load8_u (local.get $j)))
                (i32.store8 (local.get $j) (local.get $b))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (local.set $j (i32.sub (local.get $j) (i32.const 1)))
                (br_if $swap (i32.lt_u (local.get $i) (local.get $j))))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))"#;

const QUICKJS: &str = include_str!("../tests/packages/quickjs.recipe");
const SCRIPT: &str = "(()=>{let a=[];for(let i=0;i<20000;i++){a.push((i*7919)%1000)} a.sort((x,y)=>x-y); let m={}; \
                      for(const x of a){m['k'+x]=(m['k'+x]||0)+1} return JSON.stringify(m).length})()";

const SQLITE: &str = include_str!("../tests/packages/sqlite.recipe");
const QUERY: &str = "with recursive c(x) as (select 1 union all select x+1 from c where x<3000) \
                     select count(*) from (select 'row '||x||hex(x*x) as b from c order by b) where b like '%9%'";

fn main() {
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with('-')).unwrap_or_default();
    println!("| guest | not recorded | stores | ratio | stores and loads | ratio |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let turn = wat::parse_str(LOOP).ok();
    let line = "Did you know how this goes on and on?";
    let guests = [
        ("a loop of stores", turn, TURN, line),
        ("quickjs", named("TRACE_QUICKJS"), QUICKJS, SCRIPT),
        ("sqlite", named("TRACE_SQLITE"), SQLITE, QUERY),
    ];
    for (name, module, recipe, line) in guests {
        if let Some(module) = module.filter(|_| name.contains(&wanted)) {
            measure(name, &module, recipe, line);
        }
    }
}

/// The module that an environment variable names.
fn named(variable: &str) -> Option<Vec<u8>> {
    let path = std::env::var_os(variable).map(PathBuf::from)?;
    Some(std::fs::read(path).expect("the module can be read"))
}

/// Prints a row.
fn measure(name: &str, module: &[u8], recipe: &str, line: &str) {
    let mut guests = [OFF, STORES, LOADS].map(|passes| live(module.to_vec(), recipe, passes, 1 << 30));
    let mut rounds: Vec<[Duration; 3]> =
        (0..=ROUNDS).map(|_| guests.each_mut().map(|guest| work(guest, line))).collect();
    rounds.remove(0);
    let median = |place: usize| sorted(rounds.iter().map(|round| round[place].as_secs_f64() * 1e3))[ROUNDS / 2];
    let ratio = |place: usize| {
        let ratios = sorted(rounds.iter().map(|round| round[place].as_secs_f64() / round[0].as_secs_f64()));
        format!("{:.2} ({:.2} to {:.2})", ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1])
    };
    println!("| {name} | {:.1} | {:.1} | {} | {:.1} | {} |", median(0), median(1), ratio(1), median(2), ratio(2),);
}

/// How long a guest works on a line.
fn work(guest: &mut Live, line: &str) -> Duration {
    let since = Instant::now();
    let cause = guest.send(InputLine { bytes: line.as_bytes(), ended: true }, 1);
    let elapsed = since.elapsed();
    cause.outcome.as_ref().expect("the guest answers");
    elapsed
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}
