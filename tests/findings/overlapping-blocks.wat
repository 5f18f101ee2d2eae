;; The allocator rounds the end of a block down to a multiple of 8, where it should round up.

(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (func $alloc (export "alloc") (param $n i32) (result i32)
    (local $p i32)
    (local.set $p (global.get $top))
    (global.set $top (i32.and (i32.add (global.get $top) (local.get $n)) (i32.const -8)))
    (local.get $p))
  (func $copy (param $from i32) (param $n i32) (param $to i32)
    (local $i i32)
    (loop $next
      (if (i32.lt_u (local.get $i) (local.get $n)) (then
        (i32.store8 (i32.add (local.get $to) (local.get $i)) (i32.load8_u (i32.add (local.get $from) (local.get $i))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))))
  (func (export "shout") (param $p i32) (param $n i32) (param $out i32)
    (call $copy (local.get $p) (local.get $n) (local.get $out)))
)
