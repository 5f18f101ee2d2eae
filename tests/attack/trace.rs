//! A generated module behaves the same as it is, instrumented to be stoppable, and with recording.

use arbitrary::Unstructured;
use linmem::guest::{Extern, Type};
use linmem::record::Value;

use super::original::Original;
use crate::pair::{ALL, Pair, STORES};

/// How many calls are made.
const CALLS: usize = 12;

/// Calls the exports of a module, with arguments chosen by these bytes. It must end by itself. False if it cannot be run,
/// or nothing in it can be called.
pub(crate) fn run(binary: &[u8], mut bytes: Unstructured<'_>) -> bool {
    let passes = if bytes.arbitrary().unwrap_or_default() { ALL } else { STORES };
    let record = if bytes.arbitrary().unwrap_or_default() { u64::MAX } else { 2000 };
    let Some(mut pair) = Pair::new("generated", binary, passes, record) else { return false };
    let Some(mut original) = Original::new(binary) else { return false };
    compare_memories(&mut pair, &original);
    let funcs = pair.interface().funcs().map(|(name, signature)| (name.to_owned(), signature.clone()));
    let funcs: Vec<_> = funcs.collect();
    let mut calls = 0;
    for (name, signature) in funcs.iter().cycle().take(CALLS.min(3 * funcs.len())) {
        let args: Option<Vec<_>> = signature.params.iter().map(|&ty| value(ty, &mut bytes)).collect();
        let Some(args) = args else { continue };
        // Nothing is known after a guest ran out of time or stack.
        let Some(outcome) = pair.outcome(name, &args) else { break };
        calls += 1;
        let expected = original.call(name, &args);
        assert_eq!(outcome, expected, "call {calls}: {name}{args:?}");
        compare_memories(&mut pair, &original);
    }
    calls > 0
}

fn value(ty: Type, bytes: &mut Unstructured<'_>) -> Option<Value> {
    Some(match ty {
        // Mostly addresses within or just after memory.
        Type::I32 if bytes.ratio(3, 4).unwrap_or(true) => Value::I32(bytes.int_in_range(0..=5 << 16).ok()?),
        Type::I32 => Value::I32(bytes.arbitrary().ok()?),
        Type::I64 => Value::I64(bytes.arbitrary().ok()?),
        Type::F32 => Value::F32(f32::from(bytes.arbitrary::<i16>().ok()?).to_bits()),
        Type::F64 => Value::F64(f64::from(bytes.arbitrary::<i32>().ok()?).to_bits()),
        _ => return None,
    })
}

/// All exported memories have the same bytes.
fn compare_memories(pair: &mut Pair, original: &Original) {
    for name in original.memories() {
        let export = pair.interface().exports.iter().find(|export| export.name == name);
        let Some(Extern::Memory { index, .. }) = export.map(|export| &export.what) else {
            panic!("{name} is a memory")
        };
        let index = usize::try_from(*index).expect("there are few");
        assert!(pair.plain_bytes(index) == original.bytes(&name), "memory {index} differs from the original's");
    }
}
