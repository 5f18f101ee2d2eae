;; The allocator rounds sizes up and keeps them before the block, but freeing expects the size that was asked for.

(module
  (memory (export "memory") 1)
  (func (export "alloc") (param $n i32) (result i32)
    (i32.store (i32.const 1020) (i32.and (i32.add (local.get $n) (i32.const 63)) (i32.const -64)))
    (i32.const 1024))
  (func (export "dealloc") (param $p i32) (param $n i32)
    (if (i32.ne (i32.load (i32.sub (local.get $p) (i32.const 4))) (local.get $n)) (then (unreachable))))
  (func (export "shout") (param $p i32) (param $n i32) (result i64)
    (local $i i32)
    (loop $next
      (i32.store8 offset=4096 (local.get $i)
        (i32.sub (i32.load8_u (i32.add (local.get $p) (local.get $i))) (i32.const 32)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (i64.or (i64.const 0x100000000000) (i64.extend_i32_u (local.get $n))))
)
