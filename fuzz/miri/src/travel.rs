//! A run that is longer than its budget: travel to each moment that is still known.

use std::sync::Arc;

use crate::record::{
    Actor, Cause, Change, Evidence, Image, Memories, Moment, Run, Traced, Trigger, WASM_PAGE,
};

/// A cause that writes some bytes, and the memories after it.
fn cause(number: u64, memories: &mut Memories) -> Arc<Cause> {
    let mut changes = Vec::new();
    for part in 0..3 {
        let addr = (number * 977 + part * 4093) % (WASM_PAGE - 40);
        let mut old = vec![0; 33];
        memories[0].read(addr, &mut old);
        let new: Vec<u8> = old.iter().map(|byte| byte.wrapping_add(number.to_le_bytes()[0] | 1)).collect();
        let change = Change::bytes(0, addr, &old, &new, Actor::Guest, Evidence::Written);
        change.redo(memories);
        changes.push(change);
    }
    Arc::new(Cause {
        trigger: Trigger::Line(number.to_string().into_bytes()),
        steps: Vec::new(),
        changes,
        bare: 0,
        accesses: Arc::default(),
        traced: Traced::default(),
        written: Vec::new(),
        focus: None,
        outcome: Ok(Vec::new()),
        cleanup: None,
    })
}

#[test]
fn each_known_moment_is_reached() {
    let mut run = Run::new(12_000);
    let mut memories = vec![Image::zeroed(WASM_PAGE)];
    let mut seen = Vec::new();
    for number in 0..40 {
        let cause = cause(number, &mut memories);
        run.push(cause, memories.clone());
        seen.push(memories.clone());
    }
    assert!(run.oldest() > 0 && run.oldest_listed() < run.oldest(), "the oldest are dropped, and listed");
    for number in run.oldest()..run.len() {
        let at = run.at(Moment { cause: number, change: 0 }).expect("it is known");
        let (mut now, mut then) = (vec![0; 1 << 16], vec![0; 1 << 16]);
        at[0].read(0, &mut now);
        seen[number - 1][0].read(0, &mut then);
        assert!(now == then, "before cause {number}");
    }
    assert_eq!(run.at(Moment { cause: run.oldest() - 1, change: 0 }), None);
}
