;; Doubles each letter where the line is, from its start: the second letter is overwritten before it is read.

(module
  (memory (export "memory") 1)
  (func (export "buffer") (result i32) (i32.const 1024))
  (func (export "double") (param $n i32) (result i32)
    (local $i i32) (local $c i32)
    (loop $next
      (local.set $c (i32.load8_u offset=1024 (local.get $i)))
      (i32.store8 offset=1024 (i32.shl (local.get $i) (i32.const 1)) (local.get $c))
      (i32.store8 offset=1025 (i32.shl (local.get $i) (i32.const 1)) (local.get $c))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (i32.shl (local.get $n) (i32.const 1)))
)
