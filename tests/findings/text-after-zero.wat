;; Spaces of the line become zero bytes, and the recipe reads up to the first.

(module
  (memory (export "memory") 1)
  (func (export "buffer") (result i32) (i32.const 1024))
  (func $copy (param $from i32) (param $n i32) (param $to i32)
    (local $i i32)
    (loop $next
      (if (i32.lt_u (local.get $i) (local.get $n)) (then
        (i32.store8 (i32.add (local.get $to) (local.get $i))
          (select (i32.const 0) (i32.load8_u (i32.add (local.get $from) (local.get $i)))
            (i32.eq (i32.load8_u (i32.add (local.get $from) (local.get $i))) (i32.const 32))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))))
  (func (export "shout") (param $n i32) (result i32)
    (call $copy (i32.const 1024) (local.get $n) (i32.const 4096))
    (i32.store8 offset=4096 (local.get $n) (i32.const 0))
    (i32.const 4096))
)
