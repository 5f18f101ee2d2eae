;; The guest returns the length in the high half and the pointer in the low half; the recipe expects it the other way
;; round.

(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (func $alloc (export "alloc") (param $n i32) (result i32)
    (local $p i32)
    (local.set $p (global.get $top))
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get $n)) (i32.const 15)) (i32.const -16)))
    (local.get $p))
  (func (export "dealloc") (param i32 i32))
  (func $copy (param $from i32) (param $n i32) (param $to i32)
    (local $i i32)
    (loop $next
      (if (i32.lt_u (local.get $i) (local.get $n)) (then
        (i32.store8 (i32.add (local.get $to) (local.get $i)) (i32.load8_u (i32.add (local.get $from) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))))
  (func (export "shout") (param $p i32) (param $n i32) (result i64)
    (local $out i32)
    (local.set $out (call $alloc (local.get $n)))
    (call $copy (local.get $p) (local.get $n) (local.get $out))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $n)) (i64.const 32)) (i64.extend_i32_u (local.get $out))))
)
