//! A guest with an export for each kind of failure, and the head and the handlers of its recipes.

/// A guest with an export for each kind of failure.
pub(crate) const ODD: &str = r#"(module
    (memory (export "memory") 1 4)
    (global $next (mut i32) (i32.const 1024))
    (global $count (export "count") (mut i32) (i32.const 0))
    (global (export "base") i32 (i32.const 65500))
    (global $wide (export "wide") (mut i64) (i64.const -5))
    (data (i32.const 100) "a text of the guest's\00another")
    (func $tick (global.set $count (i32.add (global.get $count) (i32.const 1))))
    (func (export "alloc") (param $n i32) (result i32)
        (call $tick)
        (if (i32.eq (local.get $n) (i32.const 13)) (then (return (i32.const 0))))
        (if (i32.eq (local.get $n) (i32.const 14)) (then (return (i32.const 65530))))
        (if (i32.eq (local.get $n) (i32.const 15)) (then (return (i32.const 0x7fffffff))))
        (global.set $next (i32.add (i32.const 1024) (i32.and (i32.add (global.get $next) (local.get $n)) (i32.const 0x3fff))))
        (global.get $next))
    (func (export "dealloc") (param i32 i32) (call $tick))
    (func (export "free") (param i32)
        (if (i32.eq (local.get 0) (i32.const 1040)) (then (unreachable)))
        (call $tick))
    (func (export "upper") (param $p i32) (param $n i32) (result i64)
        (local $i i32)
        (if (i32.eq (local.get $n) (i32.const 7)) (then (unreachable)))
        (block $done (loop $next
            (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
            (i32.store8 (i32.add (local.get $p) (local.get $i))
                (i32.xor (i32.load8_u (i32.add (local.get $p) (local.get $i))) (i32.const 0x20)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $next)))
        (i64.or (i64.shl (i64.extend_i32_u (local.get $p)) (i64.const 32)) (i64.extend_i32_u (local.get $n))))
    (func (export "sign") (param i32) (result i32) (i32.sub (i32.const 9) (local.get 0)))
    (func (export "twice") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 2)))
    (func (export "half") (param f32) (result f64) (f64.promote_f32 (f32.mul (local.get 0) (f32.const 0.5))))
    (func (export "whole") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
    (func (export "pair") (param i32 i32) (result i32 i32)
        (call $tick) (i32.add (local.get 0) (i32.const 1)) (local.get 1))
    (func (export "three") (param i32) (result i32 i64 f32)
        (local.get 0) (i64.extend_i32_s (local.get 0)) (f32.convert_i32_s (local.get 0)))
    (func (export "grow") (param i32) (result i32)
        (if (i32.eqz (i32.rem_u (local.get 0) (i32.const 11))) (then (drop (memory.grow (i32.const 1)))))
        (memory.size))
    (func (export "nothing") (global.set $wide (i64.add (global.get $wide) (i64.const 3))))
    (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 100) (i32.sub (local.get 0) (i32.const 5)))))"#;

/// The same, with exports that call host functions.
pub(crate) fn chatty() -> String {
    let imports = r#"(module
    (import "env" "log" (func $log (param i32 i32)))
    (import "env" "abort" (func $abort (param i32)))
    (import "env" "seed" (func $seed (result i32)))
    (import "env" "other" (func $other (param i64) (result f32)))
    (import "env" "again" (func $again (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))"#;
    let exports = r#"
    (func (export "chat") (param $n i32) (result i32)
        (if (i32.eq (i32.rem_u (local.get $n) (i32.const 4)) (i32.const 1)) (then (call $log (i32.const 100) (local.get $n))))
        (local.get $n))
    (func (export "moan") (param $n i32) (result i32)
        (if (i32.eq (i32.rem_u (local.get $n) (i32.const 5)) (i32.const 2)) (then
            (call $abort (local.get $n))
            (if (i32.and (local.get $n) (i32.const 1)) (then (unreachable)))))
        (local.get $n))
    (func (export "random") (param i32) (result i32) (i32.add (call $seed) (local.get 0)))
    (func (export "nest") (param $n i32) (result i32)
        (i32.add (call $again (i32.and (local.get $n) (i32.const 3))) (i32.const 1)))
    (func (export "free_and_tell") (param i32)
        (if (i32.eq (local.get 0) (i32.const 8)) (then (drop (call $other (i64.const 1)))))
        (if (i32.eq (local.get 0) (i32.const 16)) (then (call $log (i32.const 100) (i32.const 3)))))
    (func (export "quit") (param $n i32) (result i32)
        (if (i32.eq (local.get $n) (i32.const 9)) (then (call $exit (i32.const 0))))
        (if (i32.eq (local.get $n) (i32.const 10)) (then (call $exit (i32.const 3))))
        (i32.const 5))
    (func (export "out") (param $n i32) (result i32)
        (i32.store (i32.const 200) (i32.const 100))
        (i32.store (i32.const 204) (i32.rem_u (local.get $n) (i32.const 7)))
        (call $write (i32.const 1) (i32.const 200) (i32.const 1) (i32.const 208))))"#;
    let guest = ODD.strip_suffix(')').expect("it exits").strip_prefix("(module").expect("it begins");
    format!("{imports}{guest}{exports}")
}

/// The head that a recipe needs for it.
pub(crate) const HEAD: &str = "host wasi\nhost stubs\n";
pub(crate) const HANDLERS: &str = "on env.log(ptr, len)
  say len at ptr if len < 100
on env.abort(code)
  fail \"abort {code}: {3 at 100}\"
  stop if code == 17
on env.seed()
  return 4
on env.again(x)
  sum = x + 1
  sum = nest(x - 1) if x > 0
  return x + sum
";
