//! Modules that wasm-smith generates.

use arbitrary::Unstructured;
use wasm_smith::{Config, Module};

/// How many calls and loop iterations a module may make in one call before it traps by itself.
const FUEL: u32 = 500;
/// The functions that modules may import.
const IMPORTS: &str = r#"(module
    (import "env" "nothing" (func))
    (import "env" "tell" (func (param i32 i32)))
    (import "env" "ask" (func (param i64) (result i32)))
    (import "env" "float" (func (param f32) (result f64))))"#;

/// A module that the engine supports, and that ends by itself.
pub(crate) fn module(bytes: &mut Unstructured<'_>) -> Option<Vec<u8>> {
    let config = Config {
        allow_start_export: false,
        available_imports: wat::parse_str(IMPORTS).ok(),
        canonicalize_nans: true,
        custom_descriptors_enabled: false,
        export_everything: true,
        gc_enabled: false,
        generate_custom_sections: true,
        max_funcs: 12,
        max_imports: 4,
        max_memories: 3,
        max_memory32_bytes: 5 << 16,
        max_table_elements: 1000,
        max_tables: 2,
        memory64_enabled: false,
        memory_max_size_required: true,
        relaxed_simd_enabled: false,
        shared_everything_threads_enabled: false,
        table_max_size_required: true,
        tail_call_enabled: false,
        wide_arithmetic_enabled: true,
        ..Config::default()
    };
    let mut module = Module::new(config, bytes).ok()?;
    module.ensure_termination(FUEL).ok()?;
    Some(module.to_bytes())
}

/// Random bytes, of which modules are made.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let seed = |seed: u32| {
        let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
        let next = move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        };
        std::iter::repeat_with(next).take(600 + 100 * (seed as usize % 16)).collect()
    };
    (1..=48).map(seed).collect()
}
