;; The host frees the line before the guest reads it.

(module
  (memory (export "memory") 1)
  (func (export "alloc") (param $n i32) (result i32) (i32.const 1024))
  (func (export "dealloc") (param $p i32) (i32.store (local.get $p) (i32.const 0)))
  (func (export "shout") (param $p i32) (param $n i32) (result i32)
    (local $i i32)
    (loop $next
      (i32.store8 offset=4096 (local.get $i)
        (i32.xor (i32.load8_u (i32.add (local.get $p) (local.get $i))) (i32.const 32)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (i32.const 4096))
)
