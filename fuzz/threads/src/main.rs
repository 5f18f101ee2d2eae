//! Tries many orders in which the threads around a watchdog may run: the guest's, the watchdog's own, and the user's;
//! and those that take a guest's records. The code is that of linmem, `src/guest/watchdog.rs` and
//! `src/guest/batches.rs`. Run it with `cargo run --release`.

#![allow(dead_code, reason = "parts of the watchdog have users elsewhere")]

mod guest;
mod record;

use guest::models::{batched, dropped, fed, interrupted, timed};
use shuttle::{check_pct, check_random};

/// How many orders are tried at random, and how many that differ in few places from running one thread after another.
const ORDERS: usize = 50_000;
/// In how many places.
const PLACES: usize = 4;

fn main() {
    let models: [(&str, fn()); 5] = [
        ("an interrupt ends the exchange and no other", interrupted),
        ("a time limit leaves nothing behind", timed),
        ("the memory of a guest that is gone is not touched", dropped),
        ("a batch is told to leave", batched),
        ("a collector gets all records in order", fed),
    ];
    for (name, model) in models {
        check_random(model, ORDERS);
        check_pct(model, ORDERS, PLACES);
        println!("{name}: {ORDERS} random orders, {ORDERS} with {PLACES} changes");
    }
}
