;; The host writes no zero byte after the line, and the guest reads on. Its loop reads from the second byte on: the first
;; was read before, as compilers do.

(module
  (memory (export "memory") 1)
  (func (export "alloc") (param $n i32) (result i32) (i32.const 1024))
  (func (export "dealloc") (param i32))
  (func (export "shout") (param $p i32) (result i64)
    (local $n i32) (local $c i32)
    (local.set $c (i32.load8_u (local.get $p)))
    (block $done
      (br_if $done (i32.eqz (local.get $c)))
      (loop $next
        (i32.store8 offset=4096 (local.get $n) (local.get $c))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (local.set $c (i32.load8_u (i32.add (local.get $p) (local.get $n))))
        (br_if $next (local.get $c))))
    (i64.or (i64.const 0x100000000000) (i64.extend_i32_u (local.get $n))))
)
