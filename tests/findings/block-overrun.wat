;; The guest writes the line in capitals and in place, and one byte more: it counts up to n, and n too.

(module
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (func $alloc (export "alloc") (param $n i32) (result i32)
    (local $p i32)
    (local.set $p (global.get $top))
    (global.set $top (i32.and (i32.add (i32.add (global.get $top) (local.get $n)) (i32.const 15)) (i32.const -16)))
    (local.get $p))
  (func (export "dealloc") (param i32 i32))
  (func (export "shout") (param $p i32) (param $n i32)
    (local $i i32)
    (loop $next
      (i32.store8 (i32.add (local.get $p) (local.get $i))
        (i32.and (i32.load8_u (i32.add (local.get $p) (local.get $i))) (i32.const 0xdf)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.le_u (local.get $i) (local.get $n)))))
)
