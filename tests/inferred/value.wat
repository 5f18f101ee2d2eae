;; value.wat: line and answer are values of JavaScript: numbers that stand for them cross the boundary
(module
  (import "wbg" "__wbindgen_string_get" (func $get (param i32 i32)))
  (import "wbg" "__wbindgen_string_new" (func $new (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (func $malloc (export "__wbindgen_malloc") (param $n i32) (param $alignment i32) (result i32)
    (global.get $top)
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get $n)) (i32.const 15)) (i32.const -8))))
  (func (export "underlined") (param $value i32) (result i32) (local $ptr i32) (local $n i32) (local $k i32) (local $at i32)
    (call $get (i32.const 16) (local.get $value))
    (local.set $ptr (i32.load (i32.const 16)))
    (local.set $n (i32.load (i32.const 20)))
    (if (i32.eqz (local.get $ptr)) (then (unreachable)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $k) (local.get $n)))
        (local.set $at (i32.add (local.get $ptr) (local.get $k)))
        (if (i32.eq (i32.load8_u (local.get $at)) (i32.const 32)) (then (i32.store8 (local.get $at) (i32.const 95))))
        (local.set $k (i32.add (local.get $k) (i32.const 1)))
        (br $next)))
    (call $new (local.get $ptr) (local.get $n))))
