//! The driver's helper functions: short copies, which are cheaper than the engine's, and searches for a zero byte and for
//! surrogates.

use wasm_encoder::{BlockType, Function, ValType};

use super::{GUEST, OWN, place};

/// From this many bytes on, the engine's copy is faster.
const LONG: i32 = 512;

/// `(to, from, count)`: copies bytes between two memories. The caller has checked the bounds.
pub(super) fn copy(to_memory: u32, from_memory: u32) -> Function {
    const TO: u32 = 0;
    const FROM: u32 = 1;
    const COUNT: u32 = 2;
    let mut function = Function::new([]);
    let mut code = function.instructions();
    let empty = BlockType::Empty;
    // The engine rejects a copy that ends at the end of a 4 GiB memory, because it computes the end in 32 bits.
    let guest = if to_memory == GUEST { TO } else { FROM };
    code.local_get(COUNT).i32_const(LONG).i32_gt_u();
    code.local_get(guest).local_get(COUNT).i32_add().i32_const(0).i32_ne().i32_and().if_(empty);
    code.local_get(TO).local_get(FROM).local_get(COUNT).memory_copy(to_memory, from_memory).return_().end();

    // Copy 16 bytes at a time. The last 16, which may overlap, go first, so that only whole chunks remain. Count bytes
    // rather than compare addresses: the end of a 4 GiB memory wraps to 0.
    code.local_get(COUNT).i32_const(16).i32_ge_u().if_(empty);
    code.local_get(TO).local_get(COUNT).i32_add().i32_const(16).i32_sub();
    code.local_get(FROM).local_get(COUNT).i32_add().i32_const(16).i32_sub();
    code.v128_load(place(from_memory, 0)).v128_store(place(to_memory, 0));
    code.loop_(empty);
    code.local_get(TO).local_get(FROM).v128_load(place(from_memory, 0)).v128_store(place(to_memory, 0));
    code.local_get(FROM).i32_const(16).i32_add().local_set(FROM);
    code.local_get(TO).i32_const(16).i32_add().local_set(TO);
    code.local_get(COUNT).i32_const(16).i32_sub().local_tee(COUNT).i32_const(16).i32_gt_s().br_if(0);
    code.end().return_().end();

    // Fewer than 16: two chunks of 8 or 4, which may overlap, or byte by byte.
    for (bytes, wide) in [(8, true), (4, false)] {
        code.local_get(COUNT).i32_const(bytes).i32_ge_u().if_(empty);
        for behind in [false, true] {
            for start in [TO, FROM] {
                code.local_get(start);
                if behind {
                    code.local_get(COUNT).i32_add().i32_const(bytes).i32_sub();
                }
            }
            match wide {
                true => code.i64_load(place(from_memory, 0)).i64_store(place(to_memory, 0)),
                false => code.i32_load(place(from_memory, 0)).i32_store(place(to_memory, 0)),
            };
        }
        code.return_().end();
    }
    code.loop_(empty).local_get(COUNT).if_(empty);
    code.local_get(COUNT).i32_const(1).i32_sub().local_set(COUNT);
    code.local_get(TO).local_get(COUNT).i32_add();
    code.local_get(FROM).local_get(COUNT).i32_add().i32_load8_u(place(from_memory, 0));
    code.i32_store8(place(to_memory, 0)).br(1).end().end();
    code.end();
    function
}

/// `(from, size) -> count`: the number of bytes before the first zero byte in a guest memory of `size` bytes; -1 if
/// there is none.
pub(super) fn until_zero() -> Function {
    const FROM: u32 = 0;
    const SIZE: u32 = 1;
    const AT: u32 = 2;
    const FOUND: u32 = 3;
    let mut function = Function::new([(1, ValType::I64), (1, ValType::I32)]);
    let mut code = function.instructions();
    let empty = BlockType::Empty;
    code.local_get(FROM).local_get(SIZE).i64_ge_u().if_(empty).i64_const(-1).return_().end();
    code.local_get(FROM).local_set(AT);

    // 16 bytes at a time while that many remain.
    code.block(empty).loop_(empty);
    code.local_get(SIZE).local_get(AT).i64_sub().i64_const(16).i64_lt_u().br_if(1);
    code.local_get(AT).i32_wrap_i64().v128_load(place(GUEST, 0));
    code.i32_const(0).i8x16_splat().i8x16_eq().i8x16_bitmask().local_tee(FOUND).if_(empty);
    code.local_get(AT)
        .local_get(FROM)
        .i64_sub()
        .local_get(FOUND)
        .i32_ctz()
        .i64_extend_i32_u()
        .i64_add()
        .return_()
        .end();
    code.local_get(AT).i64_const(16).i64_add().local_set(AT).br(0).end().end();

    code.loop_(empty).local_get(AT).local_get(SIZE).i64_lt_u().if_(empty);
    code.local_get(AT).i32_wrap_i64().i32_load8_u(place(GUEST, 0)).i32_eqz().if_(empty);
    code.local_get(AT).local_get(FROM).i64_sub().return_().end();
    code.local_get(AT).i64_const(1).i64_add().local_set(AT).br(1).end().end();
    code.i64_const(-1).end();
    function
}

/// `(from, count) -> found`: whether `count` bytes of UTF-16 text in the driver's memory contain surrogates. `count` is
/// even.
pub(super) fn surrogates() -> Function {
    const FROM: u32 = 0;
    const COUNT: u32 = 1;
    /// The bits that tell surrogates from other code units, and their value.
    const MASK: i32 = 0xf800;
    const TAG: i32 = 0xd800;
    const FOUND: u32 = 2;
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code = function.instructions();
    let empty = BlockType::Empty;

    // 16 bytes at a time, first the last ones, as above.
    code.local_get(COUNT).i32_const(16).i32_ge_u().if_(empty);
    code.local_get(FROM).local_get(COUNT).i32_add().i32_const(16).i32_sub().v128_load(place(OWN, 0));
    code.i32_const(MASK).i16x8_splat().v128_and().i32_const(TAG).i16x8_splat().i16x8_eq().v128_any_true();
    code.local_set(FOUND);
    code.loop_(empty);
    code.local_get(FROM).v128_load(place(OWN, 0));
    code.i32_const(MASK).i16x8_splat().v128_and().i32_const(TAG).i16x8_splat().i16x8_eq().v128_any_true();
    code.local_get(FOUND).i32_or().local_set(FOUND);
    code.local_get(FROM).i32_const(16).i32_add().local_set(FROM);
    code.local_get(COUNT).i32_const(16).i32_sub().local_tee(COUNT).i32_const(16).i32_gt_s().br_if(0);
    code.end().local_get(FOUND).return_().end();

    code.loop_(empty).local_get(COUNT).if_(empty);
    code.local_get(COUNT).i32_const(2).i32_sub().local_set(COUNT);
    code.local_get(FROM).local_get(COUNT).i32_add().i32_load16_u(place(OWN, 0));
    code.i32_const(MASK).i32_and().i32_const(TAG).i32_eq().local_get(FOUND).i32_or().local_set(FOUND);
    code.br(1).end().end();
    code.local_get(FOUND).end();
    function
}
